"""The pages of the converter."""

import mimetypes
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template

from converter.units import UNITS, ConversionError, convert, parse, written
from converter.web import Request, Response, Routes, as_json

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "static"

routes = Routes()


def release() -> str:
    """Return the name of the folder that is being served: in a deployment, version and revision."""
    return HERE.parent.name


def _render(name: str, **values: str) -> Response:
    template = Template((HERE / "templates" / name).read_text(encoding="utf-8"))
    return Response(template.substitute(values).encode())


@routes("/")
def index(_request: Request) -> Response:
    """Show the form."""
    options = "\n".join(
        f'<option value="{escape(symbol)}">{escape(unit.name)}</option>'
        for symbol, unit in UNITS.items()
    )
    return _render("index.html", options=options, release=escape(release()))


@routes("/api/convert")
def api_convert(request: Request) -> Response:
    """Convert ``value`` from unit ``from`` to unit ``to``."""
    missing = [name for name in ("value", "from", "to") if not request.query.get(name)]
    if missing:
        return as_json({"error": f"missing: {', '.join(missing)}"}, HTTPStatus.BAD_REQUEST)
    source, target = request.query["from"], request.query["to"]
    try:
        result = convert(parse(request.query["value"]), source, target)
    except ConversionError as error:
        return as_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
    return as_json({"unit": target, "value": written(result)})


@routes("/health")
def health(_request: Request) -> Response:
    """Say that the application is alive, and which release answers."""
    return as_json({"release": release(), "status": "ok"})


@routes("/static/*")
def static(request: Request) -> Response:
    """Send a static file, where the web server does not do that itself."""
    # Only names that stand in the folder are known, so no path can lead out of it.
    files = {f"/static/{file.name}": file for file in STATIC.iterdir() if file.is_file()}
    file = files.get(request.path)
    if file is None:
        return as_json({"error": "there is no such file"}, HTTPStatus.NOT_FOUND)
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.read_bytes(), content_type)
