"""Lets what is known of a project hold for the same project in another folder."""

from __future__ import annotations

import os
from typing import Any

from .parts import of_lines, shown_in, text
from .state import State


def relocate(before: State, old: str, new: str) -> None:
    """Let absolute paths in what is known begin with the new folder of the lint; forget what can't be moved."""
    head = os.path.join(old, "")

    def moved(path: Any) -> Any:
        return os.path.join(new, path[len(head) :]) if isinstance(path, str) and path.startswith(head) else path

    for key, entry in list(before.entries.items()):
        shown = [shown_in(part[0]) for part in filter(None, (entry.parsed, entry.linted))]
        messages = [message for part in shown for message in part]
        if any(old in message["message"] for message in messages):
            del before.entries[key]
            continue
        for message in messages:
            message["absolutePath"] = moved(message["absolutePath"])
        texts = [text(part) for part in shown]
        entry.parsed = (texts[0], *entry.parsed[1:])
        if entry.linted is not None:
            _found, stats, status, statements, parts, (state, of_file) = entry.linted
            parts = [
                [(*lines[:4], moved(lines[4]), lines[5]) for lines in part] if of_lines(part) else part
                for part in parts
            ]
            of_file = {**of_file, "current_file": moved(of_file["current_file"])}
            entry.linted = (texts[1], stats, status, statements, parts, (state, of_file))
