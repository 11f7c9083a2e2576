"""A very small web framework on WSGI: routes, requests, responses."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """What a view gets to see of a request."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """What a view returns."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = ()


View = Callable[[Request], Response]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]

SAFETY = (
    ("Content-Security-Policy", "default-src 'self'"),
    ("X-Content-Type-Options", "nosniff"),
)


def as_json(data: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return data as a JSON document."""
    return Response(json.dumps(data, sort_keys=True).encode(), "application/json", status)


class Routes:
    """An application's views by path; one that ends in ``/*`` takes everything below it."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}

    def __call__(self, path: str) -> Callable[[View], View]:
        """Register the decorated function for ``path``."""

        def register(view: View) -> View:
            self._views[path] = view
            return view

        return register

    def find(self, path: str) -> View | None:
        """Return the view for a path, if there is one."""
        folder = path.rpartition("/")[0] + "/*"
        return self._views.get(path) or self._views.get(folder)


class Application:
    """A WSGI application over some routes."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method = environ.get("REQUEST_METHOD", "GET")
        response = self.answer(environ, method)
        headers = [
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
            *SAFETY,
            *response.headers,
        ]
        start_response(f"{response.status.value} {response.status.phrase}", headers)
        return [b"" if method == "HEAD" else response.body]

    def answer(self, environ: dict[str, Any], method: str) -> Response:
        """Return the response of the view that is responsible."""
        # WSGI hands over bytes disguised as latin-1 text.
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace") or "/"
        view = self._routes.find(path)
        if view is None:
            return as_json({"error": "there is no such page"}, HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD"):
            allowed = (("Allow", "GET, HEAD"),)
            return Response(b"", "text/plain", HTTPStatus.METHOD_NOT_ALLOWED, allowed)
        query = {
            name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()
        }
        return view(Request(path, query))
