"""How a plan is to be executed: everything the engine takes from outside, in one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from buildtools.core.masking import Masker
from buildtools.core.results import RunResult
from buildtools.system.process import Grace


class RunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`env` is the caller's environment, `timeout` seconds for the whole run, `revision` what git calls the tree."""

    env: Mapping[str, str]
    reports: Path
    """absolute; made when the first step asks for it"""
    record: Path | None = None
    """the folder that holds `runs/`; default: `.buildtools` in the project's root"""
    masker: Masker = Masker()
    jobs: int = 1
    keep_going: bool = False
    timeout: float | None = None
    offline: bool = False
    cache: Literal["on", "off", "refresh"] = "on"
    """`refresh`: nothing of earlier runs is taken, but results are kept"""
    updating: bool = False
    """baselines are to be brought up to date"""
    previous: Callable[[str, str], float | None] = lambda _step, _metric: None
    """returns a step's metric in the last run in which that step passed"""
    changed_files: tuple[Path, ...] | None = None
    revision: str = ""
    version: str = ""
    """of buildtools, for the record"""
    conclude: Callable[[RunResult], tuple[str, ...]] = lambda _result: ()
    """called when all steps have ended, before `RunFinished`: writes the reports and returns what went wrong; that is
    added to the result's `problems`"""
    grace: Grace = Grace()
    keep_runs: int = 20
    handle_signals: bool = True
    """end the run at SIGINT, SIGTERM and SIGHUP; only in the main thread, whatever stands here"""
