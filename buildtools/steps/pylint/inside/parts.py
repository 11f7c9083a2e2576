"""What one file adds to a lint, as plain data: taken out where it was linted, put in where all are joined."""

from __future__ import annotations

import json
from typing import Any, Iterable, Sequence  # noqa: UP035 - for Python 3.8

_SHOWN = {
    "type": "category",
    "symbol": "symbol",
    "message": "msg",
    "messageId": "msg_id",
    "confidence": "confidence",
    "module": "module",
    "obj": "obj",
    "line": "line",
    "column": "column",
    "endLine": "end_line",
    "endColumn": "end_column",
    "path": "path",
    "absolutePath": "abspath",
}
"""The names in json2, in its order, and those of pylint's messages"""
_OF_FILE = ("_ignore_file", "_pragma_lineno", "current_name", "current_file")


def messages(found: Iterable[Any]) -> str:
    """Return pylint's messages as text; see `text`."""
    shown = []
    for message in found:
        values = {name: getattr(message, own) for name, own in _SHOWN.items()}
        values["message"] = values["message"] or ""
        values["confidence"] = values["confidence"].name
        shown.append(values)
    return text(shown)


def text(shown: Sequence[dict[str, Any]]) -> str:
    """Return messages as json2 shows them in one text: objects in JSON, with commas between them."""
    return json.dumps(shown, ensure_ascii=False)[1:-1]


def shown_in(found: str) -> list[dict[str, Any]]:
    """Return the messages of such a text."""
    shown: list[dict[str, Any]] = json.loads(f"[{found}]")
    return shown


def of_lines(part: Any) -> bool:
    """Tell whether this is what a file adds to the search for duplicate code."""
    return isinstance(part, list) and all(isinstance(one, tuple) and len(one) == 6 for one in part)


def fresh_stats(linter: Any) -> Any:
    """Return statistics of nothing."""
    return type(linter.stats)()


def counted(stats: Any) -> dict[str, Any]:
    """Return what statistics hold that is not nothing."""
    out: dict[str, Any] = {}
    for name, value in vars(stats).items():
        if name == "by_module":
            kept: Any = {module: dict(counts) for module, counts in value.items()}
        elif isinstance(value, dict):
            kept = {key: amount for key, amount in value.items() if amount}
        else:
            kept = value
        if kept:
            out[name] = kept
    return out


def add_counts(total: Any, part: dict[str, Any]) -> None:
    """Add what `counted` has returned, in place."""
    for name, value in part.items():
        mine: Any = getattr(total, name)
        if name == "by_module" or isinstance(value, set):
            mine.update(value)
        elif isinstance(value, dict):
            for key, amount in value.items():
                if isinstance(amount, set):
                    mine.setdefault(key, set()).update(amount)
                else:
                    mine[key] = mine.get(key, 0) + amount
        else:
            setattr(total, name, mine + value)


def remains(linter: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what pylint still knows of its last file when the checkers close."""
    state: dict[str, Any] = {}
    for name, value in vars(linter.file_state).items():
        if name not in ("_module", "_msgs_store"):
            state[name] = {k: _plain(v) for k, v in value.items()} if isinstance(value, dict) else value
    return state, {name: getattr(linter, name, None) for name in _OF_FILE}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def join(linter: Any, items: Sequence[Any], linted: Sequence[Any], walker: Any, progress: Sequence[Any]) -> None:
    """Make the linter as it is after it has linted the items in one process, each of which added one of `linted`.

    `None` stands for an item that has no tree. The reporter gets each item's messages as text.
    """
    from pylint.utils import FileState

    for one in progress:
        one.start_linting()
    last = None
    for item, done in zip(items, linted):  # noqa: B905 - for Python 3.8
        for one in progress:
            one.lint_file(item.filepath)
        if done is None:
            continue
        found, stats, status, statements, _parts, left = done
        linter.set_current_module(item.name, item.filepath)
        linter.reporter.messages.append(found)
        add_counts(linter.stats, stats)
        linter.msg_status |= status
        walker.nbstatements += statements
        last = item, left
    if last is not None:
        item, (state, of_file) = last
        linter.file_state = FileState(item.modpath, linter.msgs_store)
        held = vars(linter.file_state)
        for name, value in state.items():
            if isinstance(held.get(name), dict):
                held[name].clear()
                held[name].update(value)
            else:
                held[name] = value
        vars(linter).update(of_file)
