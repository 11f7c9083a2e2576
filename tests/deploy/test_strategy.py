from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.deploy.strategy import Strategy
from tests.deploy.values import problem, read


@pytest.mark.parametrize(
    ("canary", "batch", "count", "sizes"),
    [
        ("0", "100%", 5, [5]),
        ("0", "100%", 0, []),
        ("1", "100%", 1, [1]),
        ("1", "25%", 9, [1, 2, 2, 2, 2]),
        ("1", "25%", 3, [1, 1, 1]),
        ("10%", "50%", 20, [2, 10, 8]),
        ("10%", "2", 4, [1, 2, 1]),
        ("0%", "3", 4, [3, 1]),
        ("9", "1", 4, [4]),
        ("100%", "1", 3, [3]),
    ],
)
def test_batches(canary: str, batch: str, count: int, sizes: list[int]) -> None:
    batches = Strategy(canary=canary, batch=batch).batches(count)
    assert [len(part) for part in batches] == sizes
    assert [place for part in batches for place in part] == list(range(count))


_SHARES = st.one_of(st.integers(1, 99).map(str), st.integers(1, 100).map("{}%".format))


@given(canary=st.one_of(_SHARES, st.just("0")), batch=_SHARES, count=st.integers(0, 300))
def test_every_host_is_in_one_batch_and_none_is_larger_than_asked_for(canary: str, batch: str, count: int) -> None:
    batches = Strategy(canary=canary, batch=batch).batches(count)
    assert [place for part in batches for place in part] == list(range(count))
    for position, part in enumerate(batches):
        text = canary if not position and canary != "0" else batch
        most = int(text[:-1]) * count / 100 if text.endswith("%") else int(text)
        assert 1 <= len(part) <= max(1, most)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{canary: 1, batch: 25%}", ("1", "25%")),
        ("{batch: 3}", ("0", "3")),
        ("{canary: '10%'}", ("10%", "100%")),
    ],
)
def test_it_is_read(tmp_path: Path, text: str, found: tuple[str, str]) -> None:
    strategy = read(tmp_path, "strategy", text)
    assert (strategy.canary, strategy.batch) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{batch: 0}", "strategy: batch: must be one host at least"),
        ("{batch: 0%}", "strategy: batch: must be one host at least"),
        ("{batch: 101%}", "strategy: batch: '101%' is neither a number of hosts, like 2, nor a share"),
        ("{canary: -1, batch: x}", "strategy: canary: '-1' is neither .*; batch: 'x' is neither"),
        ("{canary: 1.5}", "strategy: canary: '1.5' is neither"),
        ("{canary: ١}", "strategy: canary: .* is neither"),
        ("{cannary: 1}", "strategy has no option 'cannary'"),
        ("3", "strategy: expected a mapping with canary, batch, found the text "),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert re.search(message, problem(tmp_path, "strategy", text).message)
