"""What a command shows while it runs: chosen by a flag, else by where it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from buildtools.cli.options import wants_color

if TYPE_CHECKING:
    from buildtools.session import OutputChoice, OutputMode

OUTPUTS = ("auto", "live", "plain", "teamcity", "github", "gitlab", "jsonl")
_SYSTEMS: tuple[tuple[str, OutputMode], ...] = (
    ("TEAMCITY_VERSION", "teamcity"),
    ("GITHUB_ACTIONS", "github"),
    ("GITLAB_CI", "gitlab"),
)
"""The variables by which CI systems can be known, as they document them"""


def output_choice(flags: Mapping[str, Any], *, rerun: Callable[[str], str]) -> OutputChoice:
    """Turn the flags `output`, `color`, `quiet` and `verbose` into a choice."""
    from buildtools.session import OutputChoice

    terminal = sys.stdout is not None and sys.stdout.isatty()
    mode = flags["output"]
    if mode == "auto":
        mode = _automatic(terminal=terminal and not flags["quiet"])
    return OutputChoice(
        mode=mode,
        # These two show colours though they are no terminals.
        color=wants_color(flags["color"], terminal=terminal or mode in ("github", "gitlab")),
        verbosity=int(flags["verbose"]) - int(flags["quiet"]),
        rerun=rerun,
        complain=lambda problem: click.echo(f"problem: {problem}", err=True),
    )


def _automatic(*, terminal: bool) -> OutputMode:
    for variable, mode in _SYSTEMS:
        if os.environ.get(variable, "").lower() not in ("", "0", "false"):
            return mode
    return "live" if terminal and os.environ.get("TERM") != "dumb" else "plain"
