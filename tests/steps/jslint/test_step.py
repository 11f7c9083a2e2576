"""The step, with JSLint itself on both engines."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from buildtools.plugin import Cause, Finding, Kind, Severity, Status, StepError, StepResult, ToolMissing
from buildtools.steps.jslint import Jslint
from tests.support.context import LoneContext

CLEAN = "/*jslint browser*/\nfunction first(list) {\n    return list[0];\n}\nwindow.first = first;\n"


def write(folder: Path, files: dict[str, str | bytes]) -> LoneContext:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return LoneContext(folder)


def by_path(result: StepResult) -> dict[str, list[Finding]]:
    out: dict[str, list[Finding]] = {case.file: [] for case in result.cases}
    for finding in result.findings:
        out.setdefault(finding.path, []).append(finding)
    return out


def test_options_are_written_as_in_a_pipeline_file() -> None:
    written = {
        "dir": "js",
        "include": ["**/*.js"],
        "exclude": ["vendor/**/*.js"],
        "engine": "rhino",
        "options": {"browser": "true", "indent": "4"},
        "globals": ["jQuery"],
        "jslint-js": "tools/jslint.js",
        "rhino-jar": "/usr/share/java/js.jar",
        "file-timeout": "3",
        "max-warnings": "5",
        "allow-empty": "true",
    }
    step = msgspec.convert(written, Jslint, strict=False, dec_hook=lambda kind, value: kind(value))
    assert (step.file_timeout, step.max_warnings, step.allow_empty) == (3.0, 5, True)
    assert list(step.check_options()) == []
    assert step.effective_kind() is Kind.CHECK


def test_options_that_cannot_be_are_found_before_anything_runs() -> None:
    step = Jslint(include=("/abs/*.js", ""), exclude=("../x",), options={"node": "si"}, globals=("a-b",))
    assert [option for option, _ in step.check_options()] == ["include", "include", "exclude", "options", "globals"]
    assert [option for option, _ in Jslint(include=()).check_options()] == ["include"]


def test_findings_and_clean_files(tmp_path: Path, engine: str) -> None:
    context = write(
        tmp_path, {"js/clean.js": CLEAN, "js/sub dir/bad.js": "let a = 'x'\n", "js/x.min.js": "bad(", "b.css": ""}
    )
    result = Jslint(dir=Path("js"), engine=engine).run(context)  # type: ignore[arg-type]
    assert result.status is Status.FAILED
    assert result.reason == f"{len(result.findings)} findings in 1 of 2 files"
    assert [(case.name, case.file, case.status) for case in result.cases] == [("jslint", "js/clean.js", Status.PASSED)]
    finding = next(finding for finding in result.findings if finding.rule == "use_double")
    assert (finding.tool, finding.place, finding.severity) == ("jslint", "js/sub dir/bad.js:1:9", Severity.WARNING)
    assert finding.message == "Use double quotes, not single quotes."
    assert finding.fingerprint
    assert {metric.name: metric.value for metric in result.metrics} == {
        "files checked": 2,
        "findings": len(result.findings),
    }
    assert context.progressed[-1][:2] == (2, 2)
    msgspec.json.encode(result)


def test_a_clean_tree_passes(tmp_path: Path, engine: str) -> None:
    context = write(tmp_path, {"a.js": CLEAN, "b.mjs": "export default Object.freeze({});\n", "c.js": ""})
    result = Jslint(engine=engine).run(context)  # type: ignore[arg-type]
    assert (result.status, result.reason, result.findings) == (Status.PASSED, "", ())
    assert [case.file for case in result.cases] == ["a.js", "b.mjs", "c.js"]


def test_jslints_own_crash_is_a_finding_with_its_message(tmp_path: Path, node: None) -> None:
    crashing = "export default function () {\n    throw new TypeError('oh');\n}\n"
    context = write(tmp_path, {"a.js": "", "crash.mjs": crashing})
    with pytest.raises(StepError, match="TypeError: oh"):
        Jslint(dir=Path("a.js"), jslint_js=Path("crash.mjs")).run(context)
    inside = """
        export default function (source) {
            const warning = {line: 1, column: 1, name: "JSLintError", message: "m"};
            const crash = Object.assign(new RangeError("deep"), {line: 1, column: 1});
            return {ok: false, stop: true, edition: "x", warnings: [source === "@" ? warning : crash]};
        }
    """.replace("\n        ", "\n")
    context = write(tmp_path, {"crash.mjs": inside})
    (finding,) = Jslint(dir=Path("a.js"), jslint_js=Path("crash.mjs")).run(context).findings
    assert (finding.rule, finding.message, finding.severity) == (
        "jslint-crash",
        "JSLint itself failed over this file: RangeError: deep",
        Severity.ERROR,
    )


OLD = """
// In the manner of the editions before 2015: a global, a list of errors that ends with null where it gave up.
var JSLINT = function (source, options) {
    JSLINT.errors = [];
    if (source === "@") {
        JSLINT.errors.push({line: ORIGIN, character: ORIGIN, reason: "Unexpected '@'."});
    } else if (/nosuch/.test(source)) {
        JSLINT.errors.push({line: ORIGIN, character: ORIGIN, reason: "Unexpected 'nosuch'."});
    } else if (!/^[/][*]jslint/.test(source)) {
        JSLINT.errors.push({line: 4 + ORIGIN, character: ORIGIN, code: "told", reason: JSON.stringify(options)});
        JSLINT.errors.push({line: 2 + ORIGIN, character: 7 + ORIGIN, reason: "Stopping. (50% scanned)."});
        JSLINT.errors.push(null);
    }
    return JSLINT.errors.length === 0;
};
JSLINT.edition = "2014-01-01";
"""


@pytest.mark.parametrize("origin", ["0", "1"])
def test_an_edition_of_old_by_the_users_path(tmp_path: Path, engine: str, origin: str) -> None:
    context = write(tmp_path, {"a.js": "x\n" * 5, "my jslint.js": OLD.replace("ORIGIN", origin)})
    step = Jslint(
        dir=Path("a.js"),
        engine=engine,  # type: ignore[arg-type]
        jslint_js=Path("my jslint.js"),
        options={"indent": "4", "node": "true"},
        globals=("jQuery",),
    )
    result = step.run(context)
    assert [(finding.place, finding.rule, finding.message) for finding in result.findings] == [
        ("a.js:3:8", "stopping", "[JSLint was unable to finish] Stopping. (50% scanned)."),
        ("a.js:5:1", "told", '{"indent":4,"node":true,"predef":["jQuery"]}'),
    ]
    assert "not linted to the end: a.js" in result.reason
    with pytest.raises(StepError, match="JSLint 2014-01-01 does not take these options: nosuch"):
        msgspec.structs.replace(step, options={"nosuch": "true"}).run(context)


@pytest.mark.parametrize("text", ["", "var x = 1;", "export const x = 1;\n", "export default 1;\n", "((("])
def test_a_file_that_is_no_jslint(tmp_path: Path, engine: str, text: str) -> None:
    context = write(tmp_path, {"a.js": "x", "b.js": text})
    with pytest.raises(StepError, match=f"JSLint on {engine} failed"):
        Jslint(dir=Path("a.js"), engine=engine, jslint_js=Path("b.js")).run(context)  # type: ignore[arg-type]


def test_the_edition_itself_is_asked_about_options(tmp_path: Path, engine: str) -> None:
    context = write(tmp_path, {"a.js": CLEAN})
    with pytest.raises(
        StepError, match=r"does not take these options: brwoser .*did you mean browser\?; indent"
    ) as caught:
        Jslint(engine=engine, options={"brwoser": "true", "long": "true", "indent": "4"}).run(context)  # type: ignore[arg-type]
    assert "browser" in caught.value.remedy


def test_options_and_globals_reach_jslint(tmp_path: Path, engine: str) -> None:
    text = "jQuery(window).on('x', function () {\n    return this;\n});\n"
    context = write(tmp_path, {"a.js": text, "options.json": '{"single": true, "globals": ["jQuery"]}'})
    assert len(Jslint(engine=engine).run(context).findings) > 3  # type: ignore[arg-type]
    options = {"browser": "true", "this": "TRUE"}
    result = Jslint(engine=engine, options=options, config=Path("options.json")).run(context)  # type: ignore[arg-type]
    assert result.status is Status.PASSED, result.findings
    result = Jslint(engine=engine, options={**options, "single": "false"}, globals=("jQuery",)).run(context)  # type: ignore[arg-type]
    assert [finding.rule for finding in result.findings] == ["use_double"]


def test_some_warnings_can_be_tolerated_but_no_stop(tmp_path: Path, node: None) -> None:
    context = write(tmp_path, {"a.js": "let a = 1;\n"})
    count = len(Jslint().run(context).findings)
    assert Jslint(max_warnings=count).run(context).status is Status.PASSED
    assert Jslint(max_warnings=count - 1).run(context).status is Status.FAILED
    write(tmp_path, {"a.js": "function ("})
    assert Jslint(max_warnings=1000).run(context).status is Status.FAILED


def test_no_file_is_an_error_unless_allowed(tmp_path: Path) -> None:
    context = write(tmp_path, {"a.css": "", "x.min.js": "", "node_modules/a.js": ""})
    result = Jslint().run(context)
    assert (result.status, result.cause) == (Status.ERROR, Cause.EMPTY)
    assert result.exit_code == 4
    assert result.remedy
    assert Jslint(allow_empty=True).run(context).status is Status.PASSED


def test_a_wrong_folder_or_name_is_an_error(tmp_path: Path) -> None:
    context = write(tmp_path, {"a.js": ""})
    with pytest.raises(StepError, match=r"dir: .*none is not there"):
        Jslint(dir=Path("none")).run(context)
    with pytest.raises(StepError, match=r"include: b\.js is not in"):
        Jslint(include=("a.js", "b.js")).run(context)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    context = write(tmp_path, {"a.js": "", "closed/b.js": ""})
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(StepError, match="Permission denied"):
            Jslint().run(context)
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_only_changed_files_are_linted(tmp_path: Path, node: None) -> None:
    context = write(tmp_path, {"a.js": CLEAN, "b.js": "bad("})
    context.changed_files = (tmp_path / "a.js", tmp_path / "other.py")
    result = Jslint().run(context)
    assert [case.file for case in result.cases] == ["a.js"]
    assert result.status is Status.PASSED
    context.changed_files = ()
    result = Jslint().run(context)
    assert (result.status, result.reason) == (Status.PASSED, "none of the 2 JavaScript files has changed")


def test_a_missing_engine_is_named(tmp_path: Path) -> None:
    context = write(tmp_path, {"a.js": CLEAN})
    with pytest.raises(ToolMissing) as caught:
        Jslint(node="no-such-node").run(context)
    assert "node:" in caught.value.remedy
    with pytest.raises(ToolMissing, match="no-such-java"):
        Jslint(engine="rhino", java="no-such-java").run(context)
