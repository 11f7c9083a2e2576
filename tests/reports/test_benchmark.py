"""The benchmarks of the reports and of the console, in small: that they run, and measure what they should."""

from __future__ import annotations

import subprocess
import sys

import pytest

from buildtools.reports.kinds import RENDERERS
from tests.support.project import CHECKOUT


def test_it_measures_every_kind_of_report() -> None:
    words = [sys.executable, CHECKOUT / "benchmarks/reports.py", "300", "200", "--repeat", "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[2:-1]] == [*RENDERERS, "all, written"]
    assert lines[-1].startswith("target: 5 s and 500 MB for all: ")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_measures_both_consoles() -> None:
    words = [sys.executable, CHECKOUT / "benchmarks/console.py", "3", "0.5", "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["plain", "live", "added"]
