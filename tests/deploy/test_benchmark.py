"""The benchmark of packing and deploying, in small: that it runs, and measures what it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import CHECKOUT
from tests.support.sshd import SSHD


def test_it_measures_packing_and_deploying(tmp_path: Path) -> None:
    if SSHD is None or shutil.which("ssh") is None or shutil.which("rsync") is None:
        pytest.skip("OpenSSH or rsync is not installed")
    words = [sys.executable, CHECKOUT / "benchmarks/deploy.py", "--only", "pack,first,again", "--size", "1"]
    words += ["--rounds", "1", "--folder", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    if "may not log in to its own sshd" in done.stderr:
        pytest.skip("this account may not log in to its own sshd here")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    lines = [line.strip().split("  ")[0] for line in done.stdout.splitlines()]
    for line in (
        "pack, times as fast as tar czf", "of tar czf's size", "upload, of the time of rsync -a",
        "pack and upload, times as fast as fabric script", "of the script's bytes",
    ):  # fmt: skip
        assert line in lines
