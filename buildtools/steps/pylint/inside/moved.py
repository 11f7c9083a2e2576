"""Lets what is known of a project hold for the same project in another folder."""

from __future__ import annotations

import os
from typing import Any

from .parts import of_lines
from .state import State


def relocate(before: State, old: str, new: str) -> None:
    """Let absolute paths in what is known begin with the new folder of the lint; forget what can't be moved."""
    head = os.path.join(old, "")

    def moved(path: Any) -> Any:
        return os.path.join(new, path[len(head) :]) if isinstance(path, str) and path.startswith(head) else path

    for key, entry in list(before.entries.items()):
        if any(old in message[2] for part in (entry.parsed, entry.linted or ((),)) for message in part[0]):
            del before.entries[key]
            continue
        entry.parsed = ([(*message[:-1], moved(message[-1])) for message in entry.parsed[0]], *entry.parsed[1:])
        if entry.linted is not None:
            found, stats, status, statements, parts, (state, of_file) = entry.linted
            found = [(*message[:-1], moved(message[-1])) for message in found]
            parts = [
                [(*lines[:4], moved(lines[4]), lines[5]) for lines in part] if of_lines(part) else part
                for part in parts
            ]
            of_file = {**of_file, "current_file": moved(of_file["current_file"])}
            entry.linted = (found, stats, status, statements, parts, (state, of_file))
