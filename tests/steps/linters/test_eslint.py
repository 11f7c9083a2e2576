"""The step `eslint`, with the real ESLint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildtools.plugin import Cause, Severity, Status, StepError, StepResult
from buildtools.steps.linters.eslint import Eslint
from tests.support.context import LoneContext

CONFIG = """
console.log("a configuration may print [things]");
export default [
    {ignores: ["ignored/**"]},
    {
        files: ["**/*.js"],
        linterOptions: {reportUnusedDisableDirectives: "warn"},
        rules: {"no-unused-vars": "error", "eqeqeq": "warn"},
    },
];
"""


@pytest.fixture
def root(web: Path) -> Path:
    for name, text in {
        "eslint.config.mjs": CONFIG,
        "src/clean.js": "export const a = 1;\n",
        "src/bad.js": "const unused = 'é😀'; if (a == 3) {}\n// eslint-disable-next-line eqeqeq\nexport const z = 1;\n",
        "src/broken.js": "const = ;\n",
        "src/note.txt": "no code",
        "ignored/bad.js": "const b = 1;\n",
    }.items():
        (web / name).parent.mkdir(exist_ok=True)
        (web / name).write_text(text)
    return web


def lint(root: Path, *paths: str, **options: object) -> StepResult:
    return Eslint(paths=paths, **options).run(LoneContext(root))  # type: ignore[arg-type]


def test_findings_and_clean_files(root: Path) -> None:
    result = lint(root)
    assert result.status is Status.FAILED
    assert result.reason == "2 errors, 2 warnings in 2 of 4 files"
    assert [(f.place, f.end_line, f.end_column, f.rule, f.severity) for f in result.findings] == [
        ("src/bad.js:1:7", 1, 13, "no-unused-vars", Severity.ERROR),
        ("src/bad.js:1:29", 1, 31, "eqeqeq", Severity.WARNING),
        ("src/bad.js:2:1", 0, 0, "eslint", Severity.WARNING),
        ("src/broken.js:1:7", 0, 0, "fatal", Severity.ERROR),
    ]
    assert result.findings[0].message == "'unused' is assigned a value but never used."
    assert [case.file for case in result.cases] == ["eslint.config.mjs", "src/clean.js"]


def test_warnings_close_the_gate_as_far_as_is_wanted(root: Path) -> None:
    (root / "src/bad.js").write_text("if (a == 3) {}\nif (a == 4) {}\n")
    assert lint(root, "src/bad.js").status is Status.FAILED
    assert lint(root, "src/bad.js", max_warnings=1).status is Status.FAILED
    result = lint(root, "src/bad.js", max_warnings=2)
    assert (result.status, result.reason) == (Status.PASSED, "2 warnings in 1 of 1 file")
    assert lint(root, "src/bad.js", fail_on=Severity.ERROR).status is Status.PASSED
    assert lint(root, "src/broken.js", fail_on=Severity.ERROR, max_warnings=9).status is Status.FAILED


def test_an_ignored_file_is_none_that_was_checked(root: Path) -> None:
    result = lint(root, "src/clean.js", "ignored/bad.js", "src/note.txt")
    assert (result.status, result.findings) == (Status.PASSED, ())
    assert [case.file for case in result.cases] == ["src/clean.js"]
    for paths in (("ignored/bad.js",), ("ignored",), ("src/note.txt",), ("src/*.ts",)):
        result = lint(root, *paths)
        assert (result.status, result.cause) == (Status.ERROR, Cause.EMPTY), paths


def test_a_pattern_without_files_does_not_hide_the_others(root: Path) -> None:
    assert lint(root, "src/*.ts", "src/bad.js", allow_empty=True).status is Status.FAILED
    assert len(lint(root, "src/*.js").findings) == 4


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("export default [{rules: {'a/b': 'error'}}];", 'could not find plugin "a"'),
        ("export default [{rules: {eqeqeq: 'sometimes'}}];", 'Configuration for rule "eqeqeq" is invalid'),
        ("syntax error (", "SyntaxError: Unexpected identifier"),
        ("import 'no-such-package';", "Cannot find package 'no-such-package'"),
        (
            "export default [{plugins: {x: {rules: {y: {create() { throw Error('the rule'); }}}}}, rules: {'x/y': 2}}]",
            "the rule Occurred while linting",
        ),
    ],
)
def test_a_bad_configuration_is_an_error_with_its_words(root: Path, config: str, said: str) -> None:
    (root / "eslint.config.mjs").write_text(config)
    with pytest.raises(StepError, match=r"eslint broke down \(exit status 2\)") as caught:
        lint(root)
    assert said in caught.value.message


def test_no_configuration_and_wrong_arguments_are_errors(root: Path) -> None:
    with pytest.raises(StepError, match="Invalid option '--bogus'"):
        lint(root, args=("--bogus",))
    (root / "eslint.config.mjs").unlink()
    with pytest.raises(StepError, match=r"couldn't find an eslint.config"):
        lint(root)


def test_a_rule_that_ends_the_process_is_an_error(root: Path) -> None:
    exits = "export default [{plugins: {x: {rules: {y: {create() { process.exit(0); }}}}}, rules: {'x/y': 2}}];"
    (root / "own.mjs").write_text(exits)
    with pytest.raises(StepError, match=r"left no report that can be read \(exit status 0\)"):
        lint(root, config="own.mjs")


def test_its_version_is_known(root: Path) -> None:
    (tool,) = Eslint().tools(root, os.environ)
    assert (tool.name, tool.version) == ("eslint", "10.15.0")
