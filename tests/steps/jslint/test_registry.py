"""Fetching packages: real npm against a registry on the loopback interface."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from buildtools.plugin import StepError, ToolMissing
from buildtools.steps.jslint import store
from buildtools.steps.jslint.provision import JSLINT, runner_folder
from buildtools.steps.jslint.registry import Package, locked, member, obtain
from tests.support.context import LoneContext


def archive_of(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


ARCHIVE = archive_of({"package.json": '{"name": "@stub/lint", "version": "1.0.0"}', "lint.mjs": "export default 1;\n"})
STUB = Package("@stub/lint", "1.0.0", hashlib.sha512(ARCHIVE).digest())


class Registry(BaseHTTPRequestHandler):
    """As much of a registry as `npm pack` asks for."""

    asked: ClassVar[list[str]] = []
    archive: ClassVar[bytes] = ARCHIVE

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith(".tgz"):
            body = self.archive
        elif self.path.lower() == "/@stub%2flint":
            url = f"http://{self.headers['Host']}/lint.tgz"
            version = {"name": STUB.name, "version": STUB.version, "dist": {"tarball": url}}
            about = {"name": STUB.name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
            body = json.dumps(about).encode()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[type[Registry]]:
    class Fresh(Registry):
        asked: ClassVar[list[str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Fresh.url = f"http://127.0.0.1:{server.server_port}/"  # type: ignore[attr-defined]
    yield Fresh
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(tmp_path: Path, registry: type[Registry]) -> LoneContext:
    env = {
        "BUILDTOOLS_CACHE_DIR": str(tmp_path / "cache"),
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_userconfig": str(tmp_path / "userconfig"),
    }
    (tmp_path / "project").mkdir()
    # The project's own configuration says where packages come from.
    (tmp_path / "project/.npmrc").write_text(f"registry={registry.url}\n")  # type: ignore[attr-defined]
    (tmp_path / "project/package.json").write_text('{"name": "project"}')
    return LoneContext(tmp_path / "project", env=env)


def npm() -> tuple[str, ...]:
    found = shutil.which("npm")
    if not found:
        pytest.skip("npm is needed")
    return (found,)


def no_npm() -> tuple[str, ...]:
    raise ToolMissing("npm")


def cached(context: LoneContext) -> Path:
    return store.cache_folder(context.env) / STUB.file


def test_a_package_is_fetched_once_from_the_configured_registry(context: LoneContext, registry: type[Registry]) -> None:
    assert obtain(context, STUB, npm) == ARCHIVE
    assert registry.asked[-1] == "/lint.tgz"
    count = len(registry.asked)
    assert obtain(context, STUB, no_npm) == ARCHIVE
    assert len(registry.asked) == count
    assert cached(context).read_bytes() == ARCHIVE
    assert list(context.temp.iterdir()) == []


def test_another_archive_of_that_name_is_refused(context: LoneContext, registry: type[Registry]) -> None:
    registry.archive = archive_of({"package.json": '{"name": "@stub/lint", "version": "1.0.0"}', "lint.mjs": "evil();"})
    try:
        with pytest.raises(StepError, match="sha512 differs") as caught:
            obtain(context, STUB, npm)
    finally:
        registry.archive = ARCHIVE
    assert caught.value.remedy
    assert not cached(context).exists()


def test_a_damaged_cache_is_fetched_again(context: LoneContext) -> None:
    cached(context).parent.mkdir(parents=True)
    cached(context).write_bytes(ARCHIVE[:-1])
    assert obtain(context, STUB, npm) == ARCHIVE
    assert "damaged" in context.warnings[0]
    assert cached(context).read_bytes() == ARCHIVE


def test_offline_takes_the_cache_and_nothing_else(context: LoneContext, registry: type[Registry]) -> None:
    context.offline = True
    with pytest.raises(StepError, match="offline"):
        obtain(context, STUB, npm)
    assert registry.asked == []
    store.save(cached(context), ARCHIVE)
    assert obtain(context, STUB, no_npm) == ARCHIVE


def test_a_package_that_is_not_there_is_npms_failure(context: LoneContext) -> None:
    with pytest.raises(StepError, match=r"npm could not fetch nothing@1\.0\.0") as caught:
        obtain(context, Package("nothing", "1.0.0", b""), npm)
    assert caught.value.remedy
    assert "404" in "".join(context.shown)


def test_an_unwritable_cache_is_a_warning(context: LoneContext, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    assert obtain(context, STUB, npm) == ARCHIVE
    assert "could not be kept" in context.warnings[0]


def test_files_are_taken_out_by_name() -> None:
    assert member(ARCHIVE, "lint.mjs") == b"export default 1;\n"


def test_the_lock_file_names_no_registry() -> None:
    lockfile = runner_folder() / "package-lock.json"
    assert b"http" not in lockfile.read_bytes()
    for name in (JSLINT, "typescript"):
        assert len(locked(lockfile, name).sha512) == 64
        assert locked(lockfile, name).spec.startswith(f"{name}@")


def test_a_lock_file_without_sha512_is_refused(tmp_path: Path) -> None:
    lockfile = tmp_path / "package-lock.json"
    lockfile.write_text('{"packages": {"node_modules/x": {"version": "1", "integrity": "sha1-AAAA"}}}')
    with pytest.raises(StepError, match="no sha512"):
        locked(lockfile, "x")
