"""Findings as other programs get them: each once, cleaned, with a path from the repository's top."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.core.results import Finding, RunResult, StepResult, StepRun, fingerprinted
from buildtools.reports.findings import all_findings
from buildtools.reports.rules import documentation
from buildtools.reports.scene import Scene

MONOREPO = Scene(root=Path("/repo/web"), repository=Path("/repo"))


def found(
    *steps: tuple[Finding, ...], scene: Scene = MONOREPO, file: str = "/repo/web/pipelines/x.yaml"
) -> list[Finding]:
    runs = tuple(StepRun(id=str(n), plugin="p", result=StepResult(findings=step)) for n, step in enumerate(steps))
    return list(all_findings(RunResult(pipeline="p", id="1", file=file, steps=runs), scene))


def finding(path: str = "a.py", message: str = "m", **more: object) -> Finding:
    return Finding(tool="t", rule="r", path=path, message=message, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("src/a.py", "web/src/a.py"),
        ("./src//a.py", "web/src/a.py"),
        ("../shared/a.py", "shared/a.py"),
        ("/repo/other/a.py", "other/a.py"),
        ("/repository/a.py", "/repository/a.py"),
        ("/usr/lib/a.py", "/usr/lib/a.py"),
        ("", "web/pipelines/x.yaml"),
        (".", "web/pipelines/x.yaml"),
    ],
)
def test_paths_start_at_the_top_of_the_repository(path: str, seen: str) -> None:
    assert [one.path for one in found((finding(path),))] == [seen]


def test_paths_of_a_result_from_elsewhere_stay() -> None:
    assert [one.path for one in found((finding("src/a.py"), finding("")), scene=Scene())] == ["src/a.py", "x.yaml"]


def test_a_secret_in_a_folders_name_is_masked() -> None:
    scene = Scene(root=Path("/repo/hush/web"), repository=Path("/repo"), mask=lambda text: text.replace("hush", "***"))
    assert [one.path for one in found((finding("a.py"), finding("")), scene=scene, file="/repo/***/web/p.yaml")] == [
        "***/web/a.py",
        "***/web/p.yaml",
    ]


def test_what_the_members_of_a_matrix_say_alike_is_said_once() -> None:
    both = fingerprinted((finding(line=3), finding(line=9)))
    more = fingerprinted((finding(line=3), finding(line=9), finding(message="only here")))
    assert [(one.message, one.line) for one in found(both, more)] == [("m", 3), ("m", 9), ("only here", 1)]


def test_fingerprints_are_made_where_they_lack_and_always_differ() -> None:
    same = tuple(finding(line=line, fingerprint="x") for line in range(1, 2_001))
    prints = [
        one.fingerprint for one in found(same, (finding(), finding(line=2)), (finding(line=7, fingerprint="x-2"),))
    ]
    assert len(set(prints)) == len(prints) == 2_003
    assert prints[:3] == ["x", "x-2", "x-3"]
    assert all(prints)


def test_numbers_and_texts_are_fit_to_be_written() -> None:
    odd = Finding(
        tool=" \x1b[1m", rule="a\nb", message="\x1b[31m\n", path="a", line=-1, column=5, end_line=3, end_column=2
    )
    (ready,) = found((odd,))
    assert (ready.tool, ready.rule, ready.message) == ("unknown", "a b", "a b")
    assert (ready.line, ready.column, ready.end_line, ready.end_column) == (1, 0, 0, 0)
    (long,) = found((finding(message="x" * 1_000_000),))
    assert len(long.message) < 5_000


@pytest.mark.parametrize(
    ("rule", "page"),
    [
        (("pylint", "W0611", "unused-import"), "https://pylint.readthedocs.io/en/stable/user_guide/messages/warning/unused-import.html"),
        (("pylint", "X0611", "unused-import"), ""),
        (("ruff", "F401", "unused-import"), "https://docs.astral.sh/ruff/rules/unused-import/"),
        (("eslint", "no-undef", ""), "https://eslint.org/docs/latest/rules/no-undef"),
        (("eslint", "plugin/rule", ""), ""),
        (("mypy", "arg-type", ""), "https://mypy.readthedocs.io/en/stable/_refs.html#code-arg-type"),
        (("mypy", "a\"><b", ""), ""),
        (("jslint", "use_strict", ""), ""),
    ],
)  # fmt: skip
def test_rules_are_explained_where_their_tools_do(rule: tuple[str, str, str], page: str) -> None:
    assert documentation(*rule) == page
