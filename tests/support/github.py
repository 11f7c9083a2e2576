"""Reads a GitHub job's log as its runner does: workflow commands, groups, masks, annotations, environment files."""

from __future__ import annotations

import re
from typing import NamedTuple

_COMMAND = re.compile(r"::(?P<kind>[^ :]+)(?: (?P<properties>.*?))?::(?P<data>.*)")
_OLD = re.compile(r"##\[(?P<kind>[^\] ]+).*?\]")


class Annotation(NamedTuple):
    kind: str
    message: str
    properties: dict[str, str]


class Log:
    """What the runner makes of a log: shown lines by group (empty: none), annotations, masks."""

    def __init__(self, text: str) -> None:
        self.annotations: list[Annotation] = []
        self.masks: list[str] = []
        self.lines: list[tuple[str, str]] = []
        self._group = ""
        self._stopped = ""
        self._before = True
        for line in text.split("\n"):
            self._take(line.rstrip("\r"))
        assert not self._stopped, "commands are stopped at the end"
        assert not self._group, "a group is open at the end"

    def _take(self, line: str) -> None:
        if self._stopped:
            if line.strip() == f"::{self._stopped}::":
                self._stopped = ""
            else:
                self.lines.append((self._group, line))
            return
        match = _COMMAND.match(line.lstrip())
        if match is None:
            assert not _OLD.search(line), f"a command of the old form: {line!r}"
            self.lines.append((self._group, line))
            self._before = self._before and not line
            return
        kind, data = match["kind"], _data(match["data"])
        match kind:
            case "add-mask":
                assert self._before, "a mask after the first output"
                self.masks.append(data)
            case "stop-commands":
                assert len(data) >= 16
                self._stopped = data
            case "group":
                assert not self._group, "groups don't nest"
                self._group = data
            case "endgroup":
                assert self._group
                self._group = ""
            case "error" | "warning" | "notice":
                self.annotations.append(Annotation(kind, data, _properties(match["properties"])))
            case _:
                raise AssertionError(f"{kind} is no command that we give")


def _data(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _properties(text: str | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in (text or "").split(",") if pair]
    return {name.strip(): _data(value.replace("%3A", ":").replace("%2C", ",")) for name, _, value in pairs}


def environment(text: str) -> dict[str, str]:
    """Read a file such as `GITHUB_OUTPUT`."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, separator, mark = line.partition("<<")
        assert separator, f"no assignment: {line!r}"
        value = []
        for other in lines:
            if other == mark:
                break
            value.append(other)
        else:
            raise AssertionError(f"{name} has no end")
        assert name not in found
        found[name] = "\n".join(value)
    return found
