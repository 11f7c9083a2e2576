"""Reads TeamCity's service messages back, as its build log would: nested, interleaved, in flows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(r"##teamcity\[(?P<kind>[A-Za-z]+)(?P<rest>.*)\]")
_PAIR = re.compile(r" (?P<name>[A-Za-z]+)='(?P<value>(?:[^'|\[\]\n\r]|\|.)*)'")
_SINGLE = re.compile(r" '(?P<value>(?:[^'|\[\]\n\r]|\|.)*)'")
_ESCAPE = re.compile(r"\|(?:0x(?P<code>[0-9A-Fa-f]{4})|(?P<char>.))")
_SHORT = {"n": "\n", "r": "\r", "|": "|", "'": "'", "[": "[", "]": "]"}


class Message(NamedTuple):
    kind: str
    values: dict[str, str]


class Case(NamedTuple):
    flow: str
    suite: str
    name: str
    status: str
    message: str
    milliseconds: int
    out: str


def messages(text: str) -> Iterator[Message]:
    """Yield the messages; any line that is none, or is malformed, fails."""
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        assert match, f"no message: {line!r}"
        rest = match["rest"]
        single = _SINGLE.fullmatch(rest)
        if single:
            yield Message(match["kind"], {"": unescaped(single["value"])})
            continue
        values = {}
        at = 0
        while at < len(rest):
            pair = _PAIR.match(rest, at)
            assert pair, f"malformed: {line!r}"
            assert pair["name"] not in values
            values[pair["name"]] = unescaped(pair["value"])
            at = pair.end()
        yield Message(match["kind"], values)


def unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        return chr(int(match["code"], 16)) if match["code"] else _SHORT[match["char"]]

    return _ESCAPE.sub(plain, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Build:
    """What TeamCity makes of a log: blocks by flow, tests, inspections, problems, statistics."""

    def __init__(self, text: str) -> None:
        self.cases: list[Case] = []
        self.inspections: list[dict[str, str]] = []
        self.types: dict[str, dict[str, str]] = {}
        self.problems: list[dict[str, str]] = []
        self.statistics: dict[str, float] = {}
        self.artifacts: list[str] = []
        self.log: list[tuple[str, str]] = []
        self._open: dict[str, list[tuple[str, str]]] = {"": []}
        self._test: dict[tuple[str, str], dict[str, str]] = {}
        for message in messages(text):
            self._take(message.kind, message.values)
        assert self._open == {"": []}, f"left open: {self._open}"

    def _take(self, kind: str, values: dict[str, str]) -> None:  # noqa: PLR0912, PLR0915 - one branch for each kind
        flow = values.pop("flowId", "")
        if kind == "flowStarted":
            assert flow not in self._open
            self._open[flow] = []
            return
        stack = self._open[flow]
        name = values.get("name", "")
        match kind:
            case "flowFinished":
                assert not stack
                del self._open[flow]
            case "blockOpened" | "testSuiteStarted":
                stack.append((kind, name))
            case "blockClosed":
                assert stack.pop() == ("blockOpened", name)
            case "testSuiteFinished":
                assert stack.pop() == ("testSuiteStarted", name)
            case "testStarted":
                stack.append((kind, name))
                self._test[flow, name] = {"status": "passed"}
            case "testFailed":
                self._test[flow, name] |= {"status": "failed", "message": values["message"]}
            case "testStdOut" | "testStdErr":
                self._test[flow, name]["out"] = self._test[flow, name].get("out", "") + values["out"]
            case "testIgnored":
                self._case(flow, name, {"status": "skipped", "message": values.get("message", "")}, 0)
            case "testFinished":
                assert stack.pop() == ("testStarted", name)
                self._case(flow, name, self._test.pop((flow, name)), int(values["duration"]))
            case "inspectionType":
                assert values["id"] not in self.types
                assert values.keys() == {"id", "name", "category", "description"}
                self.types[values["id"]] = values
            case "inspection":
                assert values["typeId"] in self.types
                assert len(values["message"]) <= 4000
                self.inspections.append(values)
            case "buildProblem":
                assert len(values["identity"]) <= 60
                assert len(values["description"]) <= 4000
                self.problems.append(values)
            case "buildStatisticValue":
                assert values["key"] not in self.statistics
                self.statistics[values["key"]] = float(values["value"])
            case "publishArtifacts":
                self.artifacts.append(values[""])
            case "message":
                self.log.append((flow, values["text"]))
            case "progressMessage" | "testMetadata" | "testRetrySupport" | "buildStatus":
                pass
            case _:
                raise AssertionError(f"{kind} is no message of TeamCity's")

    def _case(self, flow: str, name: str, test: dict[str, str], milliseconds: int) -> None:
        suite = self._open[flow][-1]
        assert suite[0] == "testSuiteStarted"
        found = Case(flow, suite[1], name, test["status"], test.get("message", ""), milliseconds, test.get("out", ""))
        self.cases.append(found)
