"""Makes a difference between the incremental lint and pylint small enough to look at."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.differential.edits import Project
from tests.support import same
from tests.support.oracle import Oracle

State = dict[str, bytes]
BUDGET = 240
"""Seconds to spend on one difference"""


class Case(msgspec.Struct, frozen=True):
    """Two states of a project (`code/…` and `third/…`), and what pylint is called with."""

    before: State
    after: State
    words: tuple[str, ...]


def differences(case: Case, oracle: Oracle, *, cold: bool) -> list[str]:
    """Return what differs in the later state: linted anew, or after the earlier one."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder).resolve()
        (base / "third").mkdir()
        (base / "code").mkdir()
        project, env = Project(base / "code", (), base / "third"), {"PYTHONPATH": str(base / "third")}
        for state in (case.after,) if cold else (case.before, case.after):
            project.restore(state)
            mine = same.ours(project.root, case.words, cache=base / "cache", env=env)
        return same.differences(mine, oracle.lint(project.root, case.words, env=env))


def reduced(case: Case, place: Path, oracle: Oracle) -> Iterator[str]:
    """Say how the difference comes about; write what is left of both states below `place`."""
    cold = bool(differences(case, oracle, cold=True))
    yield "a cold run differs as well" if cold else "only the incremental run differs"
    if not cold and not differences(case, oracle, cold=False):
        yield "the last edits alone, after a cold run, make no difference: earlier steps are needed"
    else:
        end = time.monotonic() + BUDGET
        for take in (_without_files, _emptied, _without_lines):
            case = _smaller(case, take, oracle, end, cold=cold)
        yield from (line[:400] for line in differences(case, oracle, cold=cold)[:4])
    for name, state in (("before", case.before), ("after", case.after)):
        for path, data in state.items():
            file = place / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    changed = sorted(
        path for path in case.before.keys() | case.after.keys() if case.before.get(path) != case.after.get(path)
    )
    yield f"{len(case.after)} files are left, in {place}; they differ in: {', '.join(changed) or 'nothing'}"
    yield f"in code/, with PYTHONPATH of third/: {' '.join(case.words)}"


def _smaller(case: Case, take: object, oracle: Oracle, end: float, *, cold: bool) -> Case:
    """Take parts away, half of them first, while the difference stays."""
    parts = take(case)  # type: ignore[operator]
    size = max(len(parts) // 2, 1)
    while parts and time.monotonic() < end:
        start, gone = 0, False
        while start < len(parts) and time.monotonic() < end:
            smaller = case
            for part in parts[start : start + size]:
                smaller = part(smaller)
            if differences(smaller, oracle, cold=cold):
                case, gone = smaller, True
                del parts[start : start + size]
            else:
                start += size
        if size == 1 and not gone:
            break
        size = max(size // 2, 1)
    return case


def _without_files(case: Case) -> list[object]:
    def without(path: str) -> object:
        return lambda one: _each(one, lambda state: {name: data for name, data in state.items() if name != path})

    return [without(path) for path in sorted(case.before.keys() | case.after.keys())]


def _emptied(case: Case) -> list[object]:
    def without(path: str) -> object:
        return lambda one: _each(
            one, lambda state: {name: b"" if name == path else data for name, data in state.items()}
        )

    return [without(path) for path in sorted(case.before.keys() | case.after.keys())]


def _without_lines(case: Case) -> list[object]:
    """Take lines away by what they say, where both states say it."""

    def without(path: str, line: bytes) -> object:
        def cut(data: bytes) -> bytes:
            return b"".join(one for one in data.splitlines(keepends=True) if one != line)

        return lambda one: _each(
            one, lambda state: {name: cut(data) if name == path else data for name, data in state.items()}
        )

    out = []
    for path in sorted(case.before.keys() | case.after.keys()):
        both = case.before.get(path, b"") + b"\n" + case.after.get(path, b"")
        out += [without(path, line) for line in dict.fromkeys(both.splitlines(keepends=True)) if line.strip()]
    return out


def _each(case: Case, change: object) -> Case:
    return msgspec.structs.replace(case, before=change(case.before), after=change(case.after))  # type: ignore[operator]
