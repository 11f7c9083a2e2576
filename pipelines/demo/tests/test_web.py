"""The application as a web server sees it."""

import json
import unittest
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from converter import application
from converter.views import STATIC, release


def ask(path, method="GET", **query):
    """Return status, headers and body; the validator sees to it that WSGI is kept to."""
    environ = {"SCRIPT_NAME": "", "PATH_INFO": path, "REQUEST_METHOD": method}
    environ["QUERY_STRING"] = urlencode(query)
    setup_testing_defaults(environ)
    started = []

    def start_response(status, headers, exc_info=None):
        started.append((status, dict(headers), exc_info))

    answer = validator(application)(environ, start_response)
    body = b"".join(answer)
    answer.close()
    status, headers, _ = started[0]
    return int(status.split()[0]), headers, body


class Pages(unittest.TestCase):
    """The pages and the files."""

    def test_index(self):
        """The form offers every unit and says which release it is of."""
        status, headers, body = ask("/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b'<option value="km">kilometre</option>', body)
        self.assertIn(f"Release {release()}".encode(), body)
        self.assertNotIn(b"$", body)

    def test_static_files(self):
        """Each file of the folder, and nothing above it."""
        for name, content_type in (("page.js", "javascript"), ("style.css", "text/css")):
            with self.subTest(name=name):
                status, headers, body = ask(f"/static/{name}")
                self.assertEqual((status, body), (200, (STATIC / name).read_bytes()))
                self.assertIn(content_type, headers["Content-Type"])
        for name in ("none.js", "../index.fcgi", "", "../converter/units.py"):
            with self.subTest(name=name):
                self.assertEqual(ask(f"/static/{name}")[0], 404)

    def test_no_such_page(self):
        """Not even one whose name is no text."""
        for path in ("/nowhere", "/\xff", "/api", "/static"):
            with self.subTest(path=path):
                self.assertEqual(ask(path)[0], 404)

    def test_methods(self):
        """HEAD has the headers of GET and no body; nothing can be posted."""
        _, headers, body = ask("/", method="HEAD")
        self.assertEqual((body, int(headers["Content-Length"])), (b"", len(ask("/")[2])))
        status, headers, _ = ask("/", method="POST")
        self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))

    def test_health(self):
        """A health check can tell releases apart."""
        status, _, body = ask("/health")
        self.assertEqual((status, json.loads(body)), (200, {"release": release(), "status": "ok"}))


class Api(unittest.TestCase):
    """The JSON endpoint."""

    def test_answer(self):
        """The query of the form."""
        status, headers, body = ask("/api/convert", value="1,5", **{"from": "km", "to": "m"})
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(json.loads(body), {"unit": "m", "value": "1500"})

    def test_bad_queries(self):
        """Each is told what is wrong with it."""
        for query, reason in (
            ({}, "missing: value, from, to"),
            ({"value": "1", "from": "m"}, "missing: to"),
            ({"value": "<b>", "from": "m", "to": "km"}, "'<b>' is not a number"),
            ({"value": "1", "from": "m", "to": "kg"}, "a length cannot become a mass"),
        ):
            with self.subTest(query=query):
                status, _, body = ask("/api/convert", **query)
                self.assertEqual((status, json.loads(body)), (400, {"error": reason}))


if __name__ == "__main__":
    unittest.main()
