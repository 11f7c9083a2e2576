"""The proofs of `tests.deploy.proofs`, reduced: a few turns of each, with real servers and processes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.deploy.proofs import full, hostile, kills, load, rivals


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize(
    ("main", "words"),
    [
        (kills.main, "--count 3 --seed 5 --ways kill,cut,host --hosts ssh,local"),
        (rivals.main, "--count 1"),
        (load.main, "--count 5 --hosts ssh,local"),
        (hostile.main, "--count 8 --hosts local"),
        (full.main, "--count 1 --hosts local"),
    ],
)
def test_a_promise_holds(main: Callable[..., int], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(*words.split()) == 0, capsys.readouterr().out
