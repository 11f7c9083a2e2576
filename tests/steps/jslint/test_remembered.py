"""What is known from earlier runs: the same verdicts, no engine started, and never more than was proved."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from buildtools.plugin import Cancelled, Completed, Finding, Severity, Status, StepResult
from buildtools.steps.jslint import Jslint, remembered
from buildtools.steps.jslint import engine as engine_module
from buildtools.steps.jslint.protocol import Verdict, unlinted
from buildtools.steps.jslint.remembered import Remembered, text_digest
from tests.conftest import MakeProject
from tests.steps.jslint.nasty import GOOD, HARD, TEXTS, strange_places
from tests.support.context import LoneContext

BAD = "let a = 'x'\n"


class Counting(LoneContext):
    """Counts the programs that it starts."""

    starts = 0

    def run(self, argv: Sequence[str | Path], **how: object) -> Completed:  # type: ignore[override]
        self.starts += 1
        return super().run(argv, **how)  # type: ignore[arg-type]


class Tree:
    """A folder with a cache, linted again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.cache = root / "cache"
        self.root.mkdir()

    def write(self, **files: str | bytes) -> None:
        for name, text in files.items():
            (self.root / f"{name}.js").write_bytes(text if isinstance(text, bytes) else text.encode())

    def lint(self, *, refresh: bool = False, **options: object) -> tuple[StepResult, Counting]:
        context = Counting(self.root, cache=self.cache, refresh=refresh)
        result = Jslint(**options).run(context)  # type: ignore[arg-type]
        assert context.cache is not None
        context.cache.run.close()
        return result, context

    def anew(self, **options: object) -> dict[str, str]:
        """Lint; return which files were linted and why; what comes of it must be what comes without a cache."""
        result, context = self.lint(**options)
        alone = Jslint(**options).run(LoneContext(self.root))  # type: ignore[arg-type]
        assert without_times(result) == without_times(alone)
        assert context.cache is not None
        whys = {why.subject: why.why for why in context.cache.whys}
        assert (context.starts > 0) == bool(whys)
        known = next(metric.value for metric in result.metrics if metric.name == "files from the cache")
        assert known <= result.metrics[0].value - len(whys)
        return whys


def without_times(result: StepResult) -> StepResult:
    """Return a result without what a cache may change: times, and how much came from it."""
    return msgspec.structs.replace(
        result,
        cases=tuple(msgspec.structs.replace(case, seconds=0.0) for case in result.cases),
        metrics=tuple(metric for metric in result.metrics if metric.name != "files from the cache"),
    )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


NOTHING = "no verdict of an earlier run to take"
NEW = "new or changed text"


def test_only_what_changed_is_linted(tree: Tree, engine: str) -> None:
    tree.write(a=GOOD, b=BAD, c="function (\n")
    assert tree.anew(engine=engine) == dict.fromkeys(("a.js", "b.js", "c.js"), NOTHING)
    assert tree.anew(engine=engine) == {}
    tree.write(b="let b = 'x'\n", d=BAD.upper())
    assert tree.anew(engine=engine) == {"b.js": NEW, "d.js": NEW}
    tree.write(b=BAD)
    assert tree.anew(engine=engine) == {}, "the text of another branch is still known"


def test_a_file_that_was_moved_or_copied_or_touched_is_known(tree: Tree, node: None) -> None:
    tree.write(a=BAD)
    tree.anew()
    (tree.root / "sub").mkdir()
    (tree.root / "a.js").rename(tree.root / "sub/b.js")
    tree.write(c=BAD)
    os.utime(tree.root / "c.js", (1, 1))
    assert tree.anew() == {}
    result, context = tree.lint()
    assert {finding.path for finding in result.findings} == {"c.js", "sub/b.js"}
    assert "2 of 2 files from the cache\n" in context.shown
    assert context.progressed == [(2, 2, "")]


def test_what_a_verdict_depends_on(tree: Tree, node: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write(a=BAD)
    tree.anew()
    assert tree.anew(options={"single": "true"}) == {"a.js": "options changed"}
    assert tree.anew(options={"single": "true"}, globals=("b",)) == {"a.js": "globals changed"}
    assert tree.anew() == {}, "what was found under earlier options is still known"
    (tree.root / ".jslintrc").write_text('{"single": true}')
    assert tree.anew() == {}, "it does not count where an option was written"
    (tree.root / ".jslintrc").unlink()
    assert tree.anew() == {}
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")
    assert tree.anew() == {"a.js": "the engine's environment changed"}


def test_another_edition_is_another_verdict(tree: Tree, node: None) -> None:
    edition = """
        export default function (source, options) {
            const warning = {line: 1, column: 1, name: "JSLintError", code: "told", message: "RULE " + options.node};
            return {ok: false, stop: false, edition: "x", warnings: /jslint/.test(source) ? [] : [warning]};
        }
    """.replace("\n        ", "\n")
    own = tree.root / "own.mjs"
    tree.write(a=BAD)
    own.write_text(edition.replace("RULE", "first"))
    options: dict[str, object] = {"dir": Path("a.js"), "jslint_js": Path("own.mjs")}
    tree.anew()
    assert tree.anew(**options) == {"a.js": "JSLint's edition changed"}
    own.write_text(edition.replace("RULE", "other"))
    assert tree.anew(**options) == {"a.js": "JSLint's edition changed"}
    assert tree.lint(**options)[0].findings[0].message == "other undefined"
    place = tree.root / "node_modules/@jslint-org/jslint"
    place.mkdir(parents=True)
    own.rename(place / "jslint.mjs")
    assert tree.anew(dir=Path("a.js")) == {}, "the same text from another place"


def test_another_engine_is_another_verdict(tree: Tree, rhino: None, tmp_path: Path) -> None:
    tree.write(a=BAD)
    tree.anew()
    assert "the engine" in tree.anew(engine="rhino")["a.js"]
    jar = tmp_path / "other.jar"
    jar.write_bytes(Path("/usr/share/java/js.jar").read_bytes() if Path("/usr/share/java/js.jar").exists() else b"")
    assert jar.stat().st_size
    assert tree.anew(engine="rhino", rhino_jar=jar) == {}, "the same jar in another place"


def test_what_another_run_may_not_find_again_is_never_kept(tree: Tree, node: None) -> None:
    tree.write(a=GOOD, b=b"\xff", line=TEXTS["long-line.js"][1], crash=TEXTS["only-closed.js"][1])
    (tree.root / "gone.js").symlink_to("nowhere")
    for why in (NOTHING, NEW):
        result, context = tree.lint(file_timeout=1.0)
        assert context.cache is not None
        assert {told.subject: told.why for told in context.cache.whys if told.subject != "a.js"} == {
            "line.js": why,
            "crash.js": why,
        }
        assert {finding.rule for finding in result.findings} == {"not-utf-8", "timeout", "jslint-crash", "unreadable"}
    (tree.root / "gone.js").unlink()
    tree.write(gone=GOOD, b=GOOD, line=GOOD, crash=GOOD)
    assert tree.anew() == {}


def test_unreadable_files_alone_start_nothing(tree: Tree, node: None) -> None:
    tree.write(a=GOOD, b=b"\xff")
    tree.anew()
    result, context = tree.lint()
    assert (context.starts, result.status, len(result.findings)) == (0, Status.FAILED, 1)


def test_where_all_is_known_nothing_is_fetched(tree: Tree, node: None, tmp_path: Path) -> None:
    tree.write(a=GOOD)
    tree.anew()
    context = LoneContext(tree.root, cache=tree.cache, offline=True, env={"BUILDTOOLS_CACHE_DIR": str(tmp_path / "no")})
    assert Jslint().run(context).status is Status.PASSED


def test_refresh_lints_all_and_keeps_it(tree: Tree, node: None) -> None:
    tree.write(a=GOOD)
    tree.anew()
    _, context = tree.lint(refresh=True)
    assert context.starts == 1
    assert tree.anew() == {}


def test_a_cache_that_cannot_be_written_costs_a_warning(tree: Tree, node: None) -> None:
    tree.cache.touch()
    tree.write(a=BAD)
    result, context = tree.lint()
    assert len(context.warnings) == 1
    assert without_times(result) == without_times(Jslint().run(LoneContext(tree.root)))


def test_a_run_that_was_stopped_keeps_what_it_had(tree: Tree, node: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BATCH", 1)
    tree.write(a=GOOD, b=BAD)
    context = LoneContext(tree.root, cache=tree.cache)
    monkeypatch.setattr(context, "progress", lambda *_: context.cancelled.set())
    with pytest.raises(Cancelled):
        Jslint().run(context)
    assert tree.anew() == {"b.js": NEW}


def test_all_nasty_files_from_the_cache(tree: Tree, node: None) -> None:
    strange_places(tree.root)
    tree.write(**{name.removesuffix(".js"): text for name, (kind, text) in TEXTS.items() if kind != HARD})
    tree.anew()
    assert tree.anew() == {}


def test_the_command_line_uses_it(project: MakeProject, node: None) -> None:
    made = project({"pipeline.yaml": "steps: {js: {uses: jslint}}", "a.js": GOOD, "b.js": BAD})

    def known() -> float:
        metrics = made.run().steps["js"]["result"]["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "files from the cache")

    assert [known(), known()] == [0, 2]
    made.write({"c.js": GOOD, "b.js": BAD.upper()})
    assert known() == 2


# The values themselves.


class Shelf:
    """A cache in memory."""

    folder = Path("/nonexistent")

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.puts = 0

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data
        self.puts += 1

    def digest(self, file: Path) -> str:
        return hashlib.sha256(file.read_bytes()).hexdigest()

    def explain(self, subject: str, why: str) -> None:
        raise AssertionError("nobody asked")


def verdict(message: str, *, grave: bool = False) -> Verdict:
    severity = Severity.ERROR if grave else Severity.WARNING
    finding = Finding(tool="jslint", rule="r", message=message, path="old.js", line=3, column=4, severity=severity)
    return Verdict((finding,), complete=not grave, seconds=1.5, lasting=True)


def filled(shelf: Shelf, **verdicts: Verdict) -> Remembered:
    memory = Remembered(shelf, "js", {"options": "1"})
    for text, said in verdicts.items():
        memory.learn(text_digest(text), said)
    memory.save()
    return Remembered(shelf, "js", {"options": "1"})


def test_a_verdict_comes_back_with_the_files_own_path() -> None:
    memory = filled(Shelf(), a=verdict("warning"), b=verdict("stop", grave=True), c=Verdict(lasting=True))
    for text, said in (("a", verdict("warning")), ("b", verdict("stop", grave=True))):
        found = memory.recall(text_digest(text), "new/x.js")
        assert found is not None
        assert found.findings == (msgspec.structs.replace(said.findings[0], path="new/x.js"),)
        assert (found.complete, found.seconds) == (said.complete, 0)
    assert memory.recall(text_digest("c"), "c.js") == Verdict()
    assert memory.recall(text_digest("d"), "d.js") is None


def test_what_does_not_last_is_not_kept() -> None:
    shelf = Shelf()
    filled(shelf, a=unlinted("a.js", "timeout", "too slow"), b=Verdict())
    assert shelf.kept == {}


@pytest.mark.parametrize("junk", [b"", b"\xc1", msgspec.msgpack.encode([1]), msgspec.msgpack.encode({"a": 1})[:-1]])
def test_another_form_counts_as_nothing(junk: bytes) -> None:
    shelf = Shelf()
    filled(shelf, a=verdict("m"))
    shelf.kept = dict.fromkeys(shelf.kept, junk)
    memory = filled(shelf)
    assert memory.recall(text_digest("a"), "a.js") is None
    memory.learn(text_digest("a"), verdict("m"))
    memory.save()
    assert filled(shelf).recall(text_digest("a"), "a.js")


@pytest.mark.parametrize("junk", [1, "x", [], [[], 3], [[["r", "m", "no line", 1, False]], True]])
def test_one_entry_of_another_form_costs_the_others_nothing(junk: object) -> None:
    shelf = Shelf()
    filled(shelf, a=verdict("m"))
    key = next(name for name in shelf.kept if name.startswith("verdicts"))
    kept = msgspec.msgpack.decode(shelf.kept[key])
    shelf.kept[key] = msgspec.msgpack.encode({**kept, text_digest("b"): junk})
    memory = Remembered(shelf, "js", {"options": "1"})
    assert memory.recall(text_digest("b"), "b.js") is None
    assert memory.recall(text_digest("a"), "a.js")


def test_two_runs_at_once_keep_what_both_have_learned() -> None:
    shelf = Shelf()
    one, two = (Remembered(shelf, "js", {"options": "1"}) for _ in range(2))
    one.learn(text_digest("a"), verdict("a"))
    two.learn(text_digest("b"), verdict("b"))
    one.save()
    two.save()
    memory = filled(shelf)
    assert memory.recall(text_digest("a"), "a.js")
    assert memory.recall(text_digest("b"), "b.js")


def test_nothing_new_writes_nothing() -> None:
    shelf = Shelf()
    memory = filled(shelf, a=verdict("a"))
    puts = shelf.puts
    memory.recall(text_digest("a"), "a.js")
    memory.save()
    assert shelf.puts == puts


def test_steps_keep_theirs_apart() -> None:
    shelf = Shelf()
    filled(shelf, a=verdict("a"))
    assert Remembered(shelf, "other", {"options": "1"}).empty


def test_there_is_room_for_the_last_run_first(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    size = 64 + len(msgspec.msgpack.encode([[["r", "x" * 100, 3, 4, False]], True]))
    monkeypatch.setattr(remembered, "ROOM", 3 * size)
    filled(shelf, a=verdict("x" * 100), b=verdict("x" * 100))
    memory = filled(shelf)
    memory.recall(text_digest("b"), "b.js")
    for text in ("c", "d"):
        memory.learn(text_digest(text), verdict("x" * 100))
    memory.save()
    memory = filled(shelf)
    assert [text for text in "abcd" if memory.recall(text_digest(text), "x.js")] == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        ({"options": "1"}, {"options": "2"}, "options changed"),
        ({"options": "1", "globals": "1"}, {"options": "2", "globals": "2"}, "options, globals changed"),
        ({"options": "1"}, {"options": "1"}, "what was known is gone"),
    ],
)
def test_why_nothing_is_known(before: dict[str, str], now: dict[str, str], why: str) -> None:
    shelf = Shelf()
    memory = Remembered(shelf, "js", before)
    memory.learn(text_digest("a"), verdict("a"))
    memory.save()
    shelf.kept = {name: data for name, data in shelf.kept.items() if not name.startswith("verdicts")}
    told: list[tuple[str, str]] = []
    shelf.explain = lambda subject, why: told.append((subject, why))  # type: ignore[method-assign]
    Remembered(shelf, "js", now).explain("a.js")
    assert told == [("a.js", why)]
