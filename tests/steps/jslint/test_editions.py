"""Editions of JSLint from 2013 to 2018, which people name by `jslint-js:`, on both engines.

They come from a package on npm, for the tests only: their licence is not a free one. Errors count from 0 in some and
from 1 in others, stand in `JSLINT.errors` or are returned, and end with `null` where JSLint gave up, or do not.
"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from buildtools.plugin import StepError, StepResult
from buildtools.steps.jslint import Jslint
from buildtools.steps.jslint.programs import find_node, find_npm
from buildtools.steps.jslint.registry import Package, member, obtain
from tests.support.context import LoneContext

PACKAGE = Package(
    "jslint",
    "0.12.1",
    base64.b64decode("q5iHswjOmJffbsGVq/1umGh4YBxb5pCArNHCZeHpkuVDDKM6IldqUn4hLehKSwQr7Bn07VXjD34Lx3nw+6j8eA=="),
)
EDITIONS = ("2013-02-03", "2014-07-08", "2015-05-08", "2016-07-13", "2017-07-01", "2018-11-28")

FILES = {
    "clean.js": "/*jslint browser: true */\ndocument.title = 1;\n",
    "equal.js": "var a = 1;\nvar b = a == c;\n",
    "stop.js": "var a = 1;\n\nvar function (\n",
    "order.js": "var b = eval('x')\nvar c = b == 1;\nvar d = b == 2;\n",
}


@pytest.fixture(scope="session")
def archive(node: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    context = LoneContext(tmp_path_factory.mktemp("editions"))
    try:
        return obtain(context, PACKAGE, lambda: find_npm(context.env, find_node(context.env)))
    except StepError as error:
        pytest.skip(f"{PACKAGE.spec} is needed and cannot be had here: {error}")


def lint(folder: Path, engine: str, **options: object) -> StepResult:
    step = Jslint(engine=engine, jslint_js=Path("edition/jslint.js"), exclude=("edition/",), **options)  # type: ignore[arg-type]
    return step.run(LoneContext(folder))


@pytest.mark.usefixtures("rhino")
@pytest.mark.parametrize("edition", EDITIONS)
def test_an_edition_on_both_engines(tmp_path: Path, archive: bytes, edition: str) -> None:
    (tmp_path / "edition").mkdir()
    (tmp_path / "edition/jslint.js").write_bytes(member(archive, f"lib/jslint-{edition}.js"))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    on_node = lint(tmp_path, "node", globals=("c",))
    on_rhino = lint(tmp_path, "rhino", globals=("c",))
    assert on_node.findings == on_rhino.findings
    assert on_node.reason == on_rhino.reason

    assert [case.file for case in on_node.cases] == ["clean.js"]
    assert {finding.place for finding in on_node.findings if "'=='" in finding.message} >= {"equal.js:2:11"}
    assert not any("'c'" in finding.message for finding in on_node.findings)
    places = [(finding.path, finding.line, finding.column) for finding in on_node.findings]
    assert places == sorted(places)
    assert ("order.js", 1, 9) in places  # eval
    stops = [finding for finding in on_node.findings if "unable to finish" in finding.message]
    # Where it gave up can be the text's end, which some editions put a line too far.
    assert {finding.line for finding in stops if finding.path == "stop.js"} <= {3, 4}
    assert "not linted to the end: " in on_node.reason
    assert "stop.js" in {finding.path for finding in stops}

    with pytest.raises(StepError, match=rf"JSLint {edition}.* does not take these options: nosuch "):
        lint(tmp_path, "node", options={"nosuch": "true", "browser": "true"})
    assert any("'c'" in finding.message for finding in lint(tmp_path, "node").findings)


@pytest.mark.usefixtures("rhino")
def test_an_edition_that_todays_engines_cannot_run_is_an_error(tmp_path: Path, archive: bytes) -> None:
    """The one of 2012 writes into a string, which no engine since then allows in strict code."""
    (tmp_path / "edition").mkdir()
    (tmp_path / "edition/jslint.js").write_bytes(member(archive, "lib/jslint-2012-02-03.js"))
    (tmp_path / "a.js").touch()
    for engine in ("node", "rhino"):
        with pytest.raises(StepError, match=rf"JSLint on {engine} failed .*TypeError: Cannot") as caught:
            lint(tmp_path, engine)
        assert "edition" in caught.value.remedy
