"""Runs the step's driver and plain pylint on the same code, and tells what is not as promised."""

from __future__ import annotations

import itertools
import json
import operator
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

import buildtools.steps.pylint as step

DRIVER = Path(step.__file__).with_name("driver.py")
CACHE = "BUILDTOOLS_PYLINT_CACHE"
"""The variable that tells the driver where to keep what it found, for later runs"""
_CRASH = re.compile(r"'[^']*pylint-crash[^']*'")


class Ran(msgspec.Struct):
    """One lint: what json2 holds, the exit status, the seconds, what was printed; of ours also how it was done.

    That is how many workers there were, and why none; how many files were linted, and how many came from the cache
    (-1: it was not told).
    """

    messages: list[dict[str, Any]]
    statistics: dict[str, Any]
    status: int
    seconds: float
    said: str = ""
    workers: int = 0
    plain: str = ""
    linted: int = -1
    cached: int = -1


def ours(
    root: Path, arguments: Sequence[str], *, cache: Path | None = None, env: Mapping[str, str] | None = None
) -> Ran:
    """Lint with the driver, which keeps its cache in the folder `cache`; `env` is added to the environment."""
    more = {**(env or {}), **({CACHE: str(cache)} if cache else {})}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        started = time.perf_counter()
        done = _run((sys.executable, DRIVER, out, "-", "--persistent=n", *arguments), root, more)
        seconds = time.perf_counter() - started
        report = read(out)
    return Ran(
        messages=report.get("messages", []),
        statistics=report.get("statistics", {}),
        status=done.returncode,
        seconds=seconds,
        said=_said(done),
        workers=report.get("workers", 0),
        plain=report.get("plain", ""),
        linted=report.get("linted", -1),
        cached=report.get("cached", -1),
    )


def theirs(root: Path, arguments: Sequence[str], *, env: Mapping[str, str] | None = None) -> Ran:
    """Lint with plain pylint, one process, seed 0."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        started = time.perf_counter()
        done = _run((sys.executable, "-m", "pylint", *reporting(out), *arguments), root, env or {})
        report = read(out)
    return Ran(
        messages=report.get("messages", []),
        statistics=report.get("statistics", {}),
        status=done.returncode,
        seconds=time.perf_counter() - started,
        said=_said(done),
    )


def reporting(out: Path) -> tuple[str, ...]:
    """Return what plain pylint is told besides, to write json2 into a file and to keep nothing."""
    return ("--persistent=n", f"--output-format=json2:{out}")


def read(out: Path) -> dict[str, Any]:
    """Return a report; where pylint wrote none, as when it refuses its options, an empty one."""
    try:
        found: dict[str, Any] = json.loads(out.read_bytes() or b"{}")
    except FileNotFoundError:
        return {}
    return found


def differences(mine: Ran, other: Ran) -> list[str]:
    """Return what breaks the promise: any field of any message, their order, the statistics, the status."""
    out = []
    # Where pylint refuses its options or breaks down, it reports nothing, the driver zeros.
    if mine.status != other.status or (other.statistics and mine.statistics != other.statistics):
        out.append(f"{mine.status} {mine.statistics}, not {other.status} {other.statistics}")
    here, there = [[promised(message) for message in ran.messages] for ran in (mine, other)]
    if here != there and _places(here) != _places(there):
        out += [f"missing: {message}" for message in there if message not in here]
        out += [f"too many: {message}" for message in here if message not in there]
        out = out or ["the order differs"]
    return out


def reordered(mine: Ran, other: Ran) -> int:
    """Return how many messages have changed places with others of the same symbol at the same place.

    pylint's own order there is that of a set of nodes, by their addresses: two of its runs can differ (E1101).
    """
    pairs = zip(mine.messages, other.messages, strict=False)
    return sum(promised(one) != promised(two) for one, two in pairs)


def _places(messages: list[dict[str, Any]]) -> list[list[str]]:
    """Return the messages, with neighbours of one symbol at one place sorted."""
    place = operator.itemgetter("path", "line", "column", "endLine", "endColumn", "symbol")
    return [sorted(map(repr, group)) for _place, group in itertools.groupby(messages, place)]


def promised(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message without what pylint itself does not reproduce: the lines that R0801 quotes, a crash's time."""
    if message["type"] == "fatal":
        return {**message, "message": _CRASH.sub("(a file)", message["message"])}
    if message["symbol"] != "duplicate-code":
        return message
    head, *rest = message["message"].split("\n")
    return {**message, "message": [head, *sorted(line for line in rest if line.startswith("=="))]}


def _run(words: Sequence[str | Path], root: Path, more: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONHASHSEED": "0", **more}
    return subprocess.run(words, cwd=root, env=env, capture_output=True, check=False)


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stdout + done.stderr).decode("utf-8", "replace")
