"""What a web server tells browsers of a file's age: it changes with the content, and only then. With a real nginx."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.proofs.server import Nginx
from tests.support.releases import pack, upload

SITES = ("one", "two")


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """One server for each of two hosts, before anything is deployed there."""
    roots = [tmp_path / name / "site/demo" for name in SITES]
    server = Nginx(tmp_path / "nginx", roots)
    yield server
    server.stop()


def deploy(root: Path, files: dict[str, str], revision: str, **options: Any) -> str:
    hosts = tuple(f"local:{root / name}" for name in SITES)
    result, _ = upload(root, pack(root, files, revision=revision), **{"hosts": hosts, **options})
    assert result.exit_code == 0, result.reason
    return result.outputs["release"]


def ask(nginx: Nginx, path: str, host: int = 0, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", nginx.ports[host], timeout=10)
    connection.request("GET", f"/{path}", headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def marks(nginx: Nginx, path: str, host: int = 0) -> tuple[str, str]:
    status, headers, _ = ask(nginx, path, host)
    assert status == 200
    return headers["ETag"], headers["Last-Modified"]


def test_it_changes_with_the_content_and_only_then(tmp_path: Path, nginx: Nginx) -> None:
    bulk = {"same.css": "x", "sub/same.js": random.Random(1).randbytes(20_000).hex()}  # what is small goes as a whole
    deploy(tmp_path, {"index.html": "first", **bulk}, "r1")
    page, style = marks(nginx, "index.html"), marks(nginx, "same.css")
    assert "1970" not in page[1]
    # Other content of the same size, from a tree without git: nothing but the time can tell them apart. At once.
    deploy(tmp_path, {"index.html": "other", **bulk}, "r2")
    other = marks(nginx, "index.html")
    assert other[0] != page[0]
    assert parsedate_to_datetime(other[1]) > parsedate_to_datetime(page[1])
    assert marks(nginx, "same.css") == style
    assert marks(nginx, "sub/same.js")[1] == style[1]  # came together
    assert ask(nginx, "index.html", If_None_Match=page[0], If_Modified_Since=page[1])[::2] == (200, b"other")
    assert ask(nginx, "index.html", If_Modified_Since=page[1])[::2] == (200, b"other")
    assert ask(nginx, "same.css", If_None_Match=style[0])[0] == 304
    assert ask(nginx, "same.css", If_Modified_Since=style[1])[0] == 304
    # Whichever host answers: the same.
    for path in ("index.html", "same.css", "sub/same.js"):
        assert marks(nginx, path, 0) == marks(nginx, path, 1)


def test_many_in_one_second_are_told_apart(tmp_path: Path, nginx: Nginx) -> None:
    seen = set()
    for number in range(3):
        deploy(tmp_path, {"index.html": f"text {number}"}, f"r{number}")
        seen.add(marks(nginx, "index.html"))
    assert len(seen) == 3
    assert len({last for _, last in seen}) == 3
    # Other content under the same version and revision, too.
    assert deploy(tmp_path, {"index.html": "text 9"}, "r2") == "1.0.r2~2"
    assert marks(nginx, "index.html") not in seen


def test_back_to_a_release_is_back_to_its_marks(tmp_path: Path, nginx: Nginx) -> None:
    first = {"index.html": "first", "a.css": "x"}
    deploy(tmp_path, first, "r1")
    page = marks(nginx, "index.html")
    deploy(tmp_path, {"index.html": "other", "a.css": "x"}, "r2", delta=False)
    assert marks(nginx, "index.html")[0] != page[0]
    deploy(tmp_path, first, "r1")
    assert marks(nginx, "index.html") == page
