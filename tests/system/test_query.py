from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from buildtools.core.errors import BuildtoolsError, ToolMissing
from buildtools.system.query import query
from tests.system.processes import alive, pid_in


def test_a_question_is_answered_by_status_and_both_streams(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert query([sys.executable, "-c", code], cwd=tmp_path) == (3, b"out\n", b"err\n")
    assert query(["sh", "-c", "kill -9 $$"], cwd=tmp_path)[0] == -9
    assert query(["cat"], cwd=tmp_path) == (0, b"", b"")


def test_what_cannot_be_asked_says_why(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing):
        query(["no-such-program"], cwd=tmp_path)
    with pytest.raises(BuildtoolsError, match="no such folder"):
        query(["true"], cwd=tmp_path / "none")
    with pytest.raises(BuildtoolsError, match="NUL"):
        query(["true", "\0"], cwd=tmp_path)


def test_the_environment_is_the_given_one_or_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    ask = ("sh", "-c", "echo $OURS.$GIVEN")
    assert query(ask, cwd=tmp_path)[1] == b"1.\n"
    assert query(ask, cwd=tmp_path, env={"GIVEN": "2", "PATH": os.environ["PATH"]})[1] == b".2\n"


@pytest.mark.parametrize("more", ["", "while :; do echo; echo >&2; sleep 0.05; done; ", "exec >/dev/null 2>&1; "])
def test_a_question_without_an_answer_leaves_nothing_behind(tmp_path: Path, more: str) -> None:
    started = time.monotonic()
    script = f"sleep 60 & echo $! > pid; {more}sleep 60"
    with pytest.raises(BuildtoolsError, match=r"no answer within 0\.3 seconds"):
        query(["sh", "-c", script], cwd=tmp_path, timeout=0.3)
    assert time.monotonic() - started < 10
    assert not alive(pid_in(tmp_path / "pid"))


def test_subprocess_is_not_imported_where_it_is_not_needed() -> None:
    code = """
import sys
from pathlib import Path
from buildtools.system.query import query
assert query(["echo", "hello"], cwd=Path.cwd())[1] == b"hello\\n"
print([name for name in ("subprocess", "hashlib") if name in sys.modules])
"""
    if sys.platform == "linux":
        root = Path(__file__).parents[2]
        assert subprocess.check_output([sys.executable, "-S", "-c", code], cwd=root, env=_paths()) == b"[]\n"


def _paths() -> dict[str, str]:
    """Without site's .pth files, which may import anything."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
