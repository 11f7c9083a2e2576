from __future__ import annotations

import pytest

from buildtools.plugin import Completed


@pytest.mark.parametrize(
    ("returncode", "stalled", "ending"),
    [
        (0, False, "exit status 0"),
        (3, False, "exit status 3"),
        (-9, False, "killed by SIGKILL"),
        (-99, False, "killed by signal 99"),
        (-9, True, "killed because it fell silent"),
    ],
)
def test_how_a_process_ended_is_said_in_one_way(returncode: int, stalled: bool, ending: str) -> None:
    assert Completed(argv=("x",), returncode=returncode, seconds=0.1, stalled=stalled).ending == ending
