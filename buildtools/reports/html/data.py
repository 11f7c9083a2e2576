"""What the page's script works with, as JSON inside the page: the run, and the lines quoted beside its findings."""

from __future__ import annotations

import base64

import msgspec

from buildtools.core.encoding import encode
from buildtools.core.results import RunResult
from buildtools.reports.html.markup import Html

_PLAIN = 400_000
"""Bytes above which the JSON is compressed: 50,000 findings are some 12 MB."""


class Embedded(msgspec.Struct, frozen=True):
    """One element with JSON in it, and how many bytes of the page it takes."""

    markup: Html
    size: int


def embedded(name: str, value: object) -> Embedded:
    """Return a `script` element that holds `value`; scripts do not run it, as its type is no script's.

    Small values are plain JSON. Larger ones are gzip's, in base64, and the element says so by `data-encoding`.
    """
    raw = encode(value)
    if len(raw) <= _PLAIN:
        # Nothing in it may end the element, or look as if another began.
        body = raw.replace(b"<", b"\\u003c").decode()
        head = f'<script type="application/json" id="{name}">'
    else:
        body = base64.b64encode(_compressed(raw)).decode()
        head = f'<script type="application/octet-stream" data-encoding="gzip base64" id="{name}">'
    return Embedded(Html(f"{head}{body}</script>"), len(head) + len(body) + 9)


def run_fields(result: RunResult) -> dict[str, object]:
    """Return the run as `run.json` has it."""
    head = {"schema_version": result.schema_version, "exit_code": int(result.exit_code)}
    return {**head, **msgspec.structs.asdict(result)}


def _compressed(data: bytes) -> bytes:
    try:
        from isal import igzip
    except ImportError:
        import gzip

        return gzip.compress(data, compresslevel=6, mtime=0)
    compressed: bytes = igzip.compress(data, compresslevel=3, mtime=0)
    return compressed
