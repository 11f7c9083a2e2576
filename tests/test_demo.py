"""The demo end to end: a clean tree opens the gate and is served; each kind of damage closes it, and is not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import CHECKOUT, Outcome, Project

JS_STEP = ("  javascript:\n", "  # Actions wait")
FILE = "pipelines/demo.yaml"


class Demo:
    """A copy of the demo in a project of its own."""

    def __init__(self, folder: Path, without_javascript: str) -> None:
        (folder / "home").mkdir(parents=True)
        root = folder / "project"
        root.mkdir()
        self.project = Project(root, folder / "home", folder / "importable")
        self.without_javascript = without_javascript
        """why JSLint cannot be had on this machine, if so; the step is taken out of the file then"""

    @property
    def current(self) -> Path:
        return self.project.root / "build/site/demo/current"

    def run(self) -> Outcome:
        return self.project.run(FILE)

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask the served release for a page, as a web server does by CGI."""
        env = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "value=1&from=km&to=m",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        done = subprocess.run(
            [self.current / "index.fcgi"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=30,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status = head.split(b"\r\n")[0]
        assert status.startswith(b"Status: "), done.stdout
        return int(status.split()[1]), body


@pytest.fixture(scope="module")
def no_jslint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Why JSLint cannot be had here (no node, no registry), or an empty string."""
    demo = Demo(tmp_path_factory.mktemp("probe"), "")
    outcome = demo.project.write({"a.js": "export default 1;\n"}).call("step", "jslint")
    return outcome.text.strip() if outcome.code == 5 else ""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, no_jslint: str) -> tuple[Demo, Outcome]:
    """The demo after one clean run."""
    demo = Demo(tmp_path_factory.mktemp("demo"), no_jslint)
    demo.project.copy(CHECKOUT / FILE, FILE).copy(CHECKOUT / "pipelines/demo", "pipelines/demo")
    demo.project.write({".gitignore": "build/\n.buildtools/\n__pycache__/\n.coverage*\n"})
    if no_jslint:
        file = demo.project.root / FILE
        text = file.read_text(encoding="utf-8")
        start, end = (text.index(mark) for mark in JS_STEP)
        file.write_text(text[:start] + text[end:], encoding="utf-8")
    demo.project.commit("The demo")
    return demo, demo.run()


@pytest.fixture
def demo(deployed: tuple[Demo, Outcome], tmp_path: Path) -> Demo:
    """A copy of the deployed demo, for a test to damage."""
    original = deployed[0]
    copy = Demo(tmp_path / "copy", original.without_javascript)
    shutil.copytree(original.project.root, copy.project.root, symlinks=True, dirs_exist_ok=True)
    return copy


def test_a_clean_tree_opens_the_gate(deployed: tuple[Demo, Outcome]) -> None:
    outcome = deployed[1]
    assert outcome.code == 0, outcome
    assert {outcome.status(step) for step in outcome.steps} == {"passed"}
    assert list(outcome.steps)[-2:] == ["pack", "upload"]
    assert len(outcome.report("report.html")) < 2_000_000


def test_what_was_packed_is_what_is_served(deployed: tuple[Demo, Outcome]) -> None:
    demo, outcome = deployed
    assert outcome.code == 0, outcome
    assert demo.current.is_symlink()
    source = CHECKOUT / "pipelines/demo"
    served = {path.relative_to(demo.current).as_posix() for path in demo.current.rglob("*") if path.is_file()}
    wanted = {
        path.relative_to(source).as_posix()
        for folder in ("converter", "static")
        for path in (source / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert served == wanted | {".htaccess", "index.fcgi"}
    assert (demo.current / ".htaccess").read_bytes() == (source / "fcgi.htaccess").read_bytes()
    assert (demo.current / "index.fcgi").stat().st_mode & 0o777 == 0o755
    assert (demo.current / "static/page.js").read_bytes() == (source / "static/page.js").read_bytes()


def test_the_served_release_answers(deployed: tuple[Demo, Outcome]) -> None:
    demo, outcome = deployed
    assert outcome.code == 0, outcome
    status, page = demo.get("/")
    assert status == 200
    assert b"<h1>Converter</h1>" in page
    status, answer = demo.get("/api/convert")
    assert (status, json.loads(answer)) == (200, {"unit": "m", "value": "1000"})
    status, answer = demo.get("/health")
    release = json.loads(answer)["release"]
    assert (status, release) == (200, demo.current.resolve().name)
    assert release.startswith("1.0.0.")
    assert demo.get("/nowhere")[0] == 404
    assert not list(demo.current.rglob("__pycache__"))


DAMAGE = {
    "a statement that does nothing": ("converter/units.py", "DIGITS = 12\n", "import os\n\nDIGITS = 12\n", {"lint"}),
    "a wrong result": ("converter/units.py", 'Decimal("0.0254")', 'Decimal("0.0245")', {"unit"}),
    "a wrong test": ("tests/test_units.py", '("1", "km", "m", "1000")', '("1", "km", "m", "1001")', {"unit"}),
    "a loose comparison": ("static/answer.js", "first === 0", "first == 0", {"javascript"}),
    "JavaScript that is none": (
        "static/page.js",
        "async function convert(query) {",
        "async function {",
        {"javascript"},
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_closes_the_gate(demo: Demo, damage: str) -> None:
    name, old, new, closed_by = DAMAGE[damage]
    if closed_by == {"javascript"} and demo.without_javascript:
        pytest.skip(f"JSLint cannot be had here: {demo.without_javascript}")
    before = demo.current.readlink()
    demo.project.replace(f"pipelines/demo/{name}", old, new)
    outcome = demo.run()
    assert outcome.code == 1, outcome
    assert {step for step in outcome.steps if outcome.status(step) in ("failed", "error")} == closed_by, outcome
    assert outcome.status("pack") == outcome.status("upload") == "skipped"
    assert demo.current.readlink() == before
    assert demo.get("/api/convert")[0] == 200


def test_a_repaired_tree_opens_it_again(demo: Demo) -> None:
    before = demo.current.resolve()
    units = "pipelines/demo/converter/units.py"
    demo.project.replace(units, "DIGITS = 12\n", "DIGITS = = 12\n")
    broken = demo.run()
    assert broken.code == 1, broken
    assert broken.status("lint") == broken.status("unit") == "failed"
    demo.project.replace(units, "DIGITS = = 12\n", "DIGITS = 11\n").commit("Eleven digits will do")
    outcome = demo.run()
    assert outcome.code == 0, outcome
    assert demo.current.resolve() != before
    assert before.is_dir(), "the release before stays, to go back to"
    assert b"DIGITS = 11" in (demo.current / "converter/units.py").read_bytes()
    assert demo.get("/")[0] == 200


def test_the_starter_refuses_fastcgi() -> None:
    argv = [sys.executable, str(CHECKOUT / "pipelines/demo/index.fcgi")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(argv, stdin=server.fileno(), capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert b"speaks CGI, not FastCGI" in done.stderr


@pytest.mark.parametrize("file", ["demo.yaml", "self.yaml", "webapp.yaml"])
def test_the_pipelines_are_valid(tmp_path: Path, file: str) -> None:
    demo = Demo(tmp_path / "valid", "")
    demo.project.copy(CHECKOUT / "pipelines", "pipelines")
    outcome = demo.project.call("validate", f"pipelines/{file}")
    assert outcome.code == 0, outcome


def test_the_pipelines_hold_to_the_json_schema(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "schema", "")
    demo.project.copy(CHECKOUT / "pipelines", "pipelines")
    schema = demo.project.call("schema")
    assert schema.code == 0, schema
    (tmp_path / "schema.json").write_text(schema.stdout, encoding="utf-8")
    files = sorted((CHECKOUT / "pipelines").glob("*.yaml"))
    argv = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(tmp_path / "schema.json"), *map(str, files)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=demo.project.env)
    assert done.returncode == 0, done.stdout + done.stderr
