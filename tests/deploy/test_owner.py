"""Whose a lock is, and whether that one lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from buildtools.deploy.owner import Owner, is_dead, parse, transaction_id, where, who

linux = pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="only Linux tells processes apart for sure")


def test_a_locks_text_is_read_back() -> None:
    text = f"{transaction_id(0)}|{who()}|{where()}|42"
    owner = parse(text)
    assert owner
    assert (owner.transaction[:17], owner.who, owner.expires) == ("19700101T000000Z-", who(), 42)
    assert "|" not in where() + who()


@pytest.mark.parametrize(
    ("latest", "second"),
    [
        ([], "20010909T014640Z"),
        (["20010909T014639"], "20010909T014640Z"),
        (["20010909T014640"], "20010909T014641Z"),
        (["20010909T014640", "20010909T020000", ""], "20010909T020001Z"),
        (["20010909T235959"], "20010910T000000Z"),
        (["20380101T000000", "nonsense"], "20010909T014640Z"),
    ],
)
def test_a_transactions_second_is_later_than_the_last(latest: list[str], second: str) -> None:
    assert transaction_id(1_000_000_000.7, latest).partition("-")[0] == second


@pytest.mark.parametrize("text", ["", "x", "a|b|c", "a|b|c|x", "a|b|c|1|d", "a|b|c|-1"])
def test_what_is_no_lock(text: str) -> None:
    assert parse(text) is None


@linux
def test_a_process_that_is_gone_is_dead_and_one_that_is_not_is_not() -> None:
    mine = Owner(transaction="t", who="me", where=where(), expires=0)
    assert not is_dead(mine)
    code = "from buildtools.deploy.owner import where; print(where())"
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    gone = msgspec.structs.replace(mine, where=there.stdout.strip())
    assert is_dead(gone)
    # Another machine or container: nobody knows from here.
    assert not is_dead(msgspec.structs.replace(gone, where=gone.where[:-1] + "x"))
    assert not is_dead(msgspec.structs.replace(gone, where="host"))
    # The same number, but another process by now.
    machine, process, system = mine.where.split(":")
    assert is_dead(msgspec.structs.replace(mine, where=f"{machine}:{process}9:{system}"))
