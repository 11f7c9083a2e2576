"""From one listing to another: what must travel, what is there, and under which name."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from buildtools.deploy.delta import WORTH_A_COPY, difference
from buildtools.deploy.manifest import Entry, listing

PLAIN = settings(database=None, deadline=None, max_examples=150)
NAMES = st.sampled_from(["a", "b", "c d", "x\\y", "d/a", "d/e/f", "d/e/g", "ü/é"])
CONTENTS = st.tuples(st.sampled_from("0123"), st.sampled_from(["644", "755"]))


def release(files: dict[str, tuple[str, str]]) -> tuple[Entry, ...]:
    """Make a release of files with these contents (one digit, which also says how large they are) and modes."""
    folders = {path[:at] for path in files for at, char in enumerate(path) if char == "/"}
    entries = [Entry(path=path, kind="folder") for path in folders]
    for path, (content, mode) in files.items():
        entries.append(Entry(path=path, mode=mode, size=int(content) * WORTH_A_COPY // 2, sha256=content * 64))
    return tuple(sorted(entries, key=lambda entry: entry.path.encode()))


@PLAIN
@given(st.dictionaries(NAMES, CONTENTS, min_size=1), st.dictionaries(NAMES, CONTENTS, min_size=1))
def test_old_and_difference_make_the_new(old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]) -> None:
    before, after = release(old), release(new)
    lines, had = listing(after), listing(before)
    change = difference(after, lines, had)
    # What the host's script does: lines that are gone go, others come; same files are copied, some under new names.
    kept = set(had.splitlines()) - set(change.gone.splitlines())
    assert sorted(kept | set(change.added.splitlines())) == lines.splitlines()
    made = {path: old[path] for path in new if old.get(path) == new[path]}
    there = {folder for path in made for folder in above(path)} | {entry.path for entry in change.folders}
    for move in change.moves:
        assert set(above(move.entry.path)) <= there
        assert move.entry.size >= WORTH_A_COPY
        made[move.entry.path] = (old[move.source][0], move.entry.mode)
    for entry in change.lacking:
        assert entry.path not in made
        made[entry.path] = new[entry.path]
    assert made == new
    assert there >= {entry.path for entry in after if entry.kind == "folder"}
    assert change.size == sum(entry.size for entry in change.lacking)


def above(path: str) -> list[str]:
    return [path[:at] for at, char in enumerate(path) if char == "/"]


def test_the_same_again_needs_nothing() -> None:
    entries = release({"a": ("1", "644"), "d/e/f": ("2", "755")})
    change = difference(entries, listing(entries), listing(entries))
    assert (change.lacking, change.moves, change.folders, change.links) == ((), (), (), ())
    assert (change.gone, change.added, change.size) == (b"", b"", 0)


def test_links_always_travel() -> None:
    entries = (*release({"a": ("1", "644")}), Entry(path="l", kind="link", target="a"))
    assert [entry.path for entry in difference(entries, listing(entries), listing(entries)).links] == ["l"]
