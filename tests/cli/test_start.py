"""Start-up: help and completion must not pay for what they do not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.usefixtures("unmeasured")

HEAVY = ("yaml", "msgspec", "rich", "paramiko", "fabric", "pylint", "coverage", "xml", "importlib.metadata", "pathspec")

PROBE = """
import sys
from buildtools.cli.main import main
sys.argv[:] = ["buildtools", *{words!r}]
try:
    main()
except SystemExit as end:
    code = end.code
loaded = [name for name in {heavy!r} if name in sys.modules]
print("LOADED", loaded, "CODE", code, file=sys.stderr)
"""


def loaded_by(*words: str, env: dict[str, str] | None = None) -> str:
    code = PROBE.format(words=list(words), heavy=list(HEAVY))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60, check=True)
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["completion", "bash"], ["run", "--help"], ["validate", "--help"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    assert loaded_by(*words) == "LOADED [] CODE 0"


def test_completing_a_command_imports_nothing_heavy() -> None:
    import os

    env = {**os.environ, "_BUILDTOOLS_COMPLETE": "bash_complete", "COMP_WORDS": "buildtools va", "COMP_CWORD": "1"}
    assert loaded_by(env=env) == "LOADED [] CODE 0"


def test_every_command_in_the_table_stands() -> None:
    from importlib import import_module

    from buildtools.cli.main import COMMANDS

    for name, module, summary in COMMANDS:
        command = import_module(f"buildtools.cli.{module}").command
        assert command.name == name
        assert summary.endswith(".")
