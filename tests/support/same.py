"""Runs the step's driver and plain pylint on the same code, and tells what is not as promised."""

from __future__ import annotations

import itertools
import json
import operator
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import buildtools.steps.pylint as step

DRIVER = Path(step.__file__).with_name("driver.py")


class Ran(msgspec.Struct):
    """One lint: what json2 holds, the exit status, how many workers and why none, the seconds."""

    messages: list[dict[str, Any]]
    statistics: dict[str, Any]
    status: int
    seconds: float
    workers: int = 0
    plain: str = ""


def ours(root: Path, arguments: Sequence[str]) -> Ran:
    """Lint with the driver."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        started = time.perf_counter()
        done = _run((sys.executable, DRIVER, out, "-", "--persistent=n", *arguments), root)
        seconds = time.perf_counter() - started
        report = json.loads(out.read_bytes())
    return Ran(
        messages=report["messages"],
        statistics=report["statistics"],
        status=done.returncode,
        seconds=seconds,
        workers=report["workers"],
        plain=report["plain"],
    )


def theirs(root: Path, arguments: Sequence[str]) -> Ran:
    """Lint with plain pylint, one process, seed 0."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        words = ("--persistent=n", f"--output-format=json2:{out}", *arguments)
        started = time.perf_counter()
        done = _run((sys.executable, "-m", "pylint", *words), root)
        report = json.loads(out.read_bytes())
    return Ran(
        messages=report["messages"],
        statistics=report["statistics"],
        status=done.returncode,
        seconds=time.perf_counter() - started,
    )


def differences(mine: Ran, other: Ran) -> list[str]:
    """Return what breaks the promise: any field of any message, their order, the statistics, the status."""
    out = []
    if (mine.status, mine.statistics) != (other.status, other.statistics):
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
    """Return a message without what pylint itself does not reproduce: the lines that R0801 quotes."""
    if message["symbol"] != "duplicate-code":
        return message
    head, *rest = message["message"].split("\n")
    return {**message, "message": [head, *sorted(line for line in rest if line.startswith("=="))]}


def _run(words: Sequence[str | Path], root: Path) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(words, cwd=root, env=env, capture_output=True, check=False)
