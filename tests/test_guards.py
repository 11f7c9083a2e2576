"""The guards in conftest.py must see what they are there for."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

PRELUDE = "import os, pathlib, subprocess, sys, time\n"

BAD = {
    "wrote into the home folder: .toolrc": "pathlib.Path.home().joinpath('.toolrc').write_text('x')",
    "changed the environment: LEAKED": "os.environ['LEAKED'] = 'yes'",
    "changed the environment: PATH": "del os.environ['PATH']",
    "changed the current folder": "os.chdir('/')",
    "left a process behind": "subprocess.Popen(['sleep', '30']).returncode = 0",
    "left a process behind: ": "subprocess.run(['sh', '-c', 'setsid sleep 30 >/dev/null 2>&1 &'])",
}


@pytest.mark.parametrize("problem", BAD)
def test_a_bad_test_is_failed(pytester: pytest.Pytester, problem: str) -> None:
    pytester.makeconftest("from tests.conftest import _guarded, _sheltered, session_folder")
    pytester.makepyfile(f"{PRELUDE}\ndef test_bad():\n    {BAD[problem]}\n\ndef test_good_after_it():\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines([f"*{problem}*"])


def test_a_good_test_passes(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import _guarded, _sheltered, session_folder")
    pytester.makepyfile(
        f"{PRELUDE}\ndef test_good(monkeypatch, tmp_path):\n"
        "    monkeypatch.setenv('A', 'b')\n    monkeypatch.chdir(tmp_path)\n    subprocess.run(['true'], check=True)\n"
        "    assert not [name for name in os.environ if name.startswith(('GITHUB_', 'BUILDTOOLS_'))]\n"
    )
    pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider").assert_outcomes(passed=1)
