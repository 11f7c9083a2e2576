"""Node and Rhino on real code, in pieces of what `tests/differential/jslint_engines.py` compares as a whole."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from buildtools.plugin import StepError
from buildtools.steps.jslint.programs import find_node, find_npm
from buildtools.steps.jslint.registry import Package, obtain
from tests.differential.jslint_engines import differences, on_both, unpack
from tests.support.context import LoneContext

UNDERSCORE = Package(
    "underscore",
    "1.13.8",
    base64.b64decode("DXtD3ZtEQzc7M8m4cXotyHR+FAS18C64asBYY5vqZexfYryNNnDc02W4hKg3rdQuqOYas1jkseX0+nZXjTXnvQ=="),
)
JQUERY = Package(
    "jquery",
    "4.0.0",
    base64.b64decode("TXCHVR3Lb6TZdtw1l3RTLf8RBWVGexdxL6AC8/e0xZKEpBflBsjh9/8LXw+dkNFuOyW9B7iB3O1sP7hS0Kiacg=="),
)


@pytest.mark.usefixtures("rhino")
@pytest.mark.parametrize(
    ("package", "include", "least"),
    [(UNDERSCORE, ("modules/*.js", "underscore.js", "amd/_*.js"), 150), (JQUERY, ("src/**/*.js",), 100)],
    ids=["underscore", "jquery"],
)
def test_packages_from_npm(tmp_path: Path, package: Package, include: tuple[str, ...], least: int) -> None:
    context = LoneContext(tmp_path)
    try:
        archive = obtain(context, package, lambda: find_npm(context.env, find_node(context.env)))
    except StepError as error:
        pytest.skip(f"{package.spec} is needed and cannot be had here: {error}")
    on_node, on_rhino = on_both(unpack(archive, tmp_path), *include)
    assert on_node.metrics[0].value > least
    assert len(on_node.findings) > least
    assert differences(on_node, on_rhino) == ([], 0)
    assert on_node.findings == on_rhino.findings
    assert on_node.reason == on_rhino.reason


@pytest.mark.usefixtures("rhino")
def test_npm_itself(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    files = sorted(Path(npm).resolve().parents[1].glob("lib/**/*.js"))[:60] if npm else []
    if not files:
        pytest.skip("npm is needed, as files to lint")
    (tmp_path / "npm").mkdir()
    for number, file in enumerate(files):
        (tmp_path / f"npm/{number:02}.js").write_bytes(file.read_bytes())
    assert differences(*on_both(tmp_path / "npm")) == ([], 0)
