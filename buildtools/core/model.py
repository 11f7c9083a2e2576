"""The closed vocabularies of a run: what kind a step is, how it ended and why, how grave a finding is."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a step does to the tree; it decides the order (checks side by side, actions one by one)."""

    CHECK = "check"
    ACTION = "action"


class Status(StrEnum):
    """How a step or a testcase ended.

    `failed`: the thing that was checked is bad; `error`: the check itself could not be made.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why a step has its status, where the status alone does not say it."""

    NONE = ""
    EMPTY = "empty"
    """error: it matched no file or ran no test (exit 4)"""
    TIMEOUT = "timeout"
    """failed: its time was up"""
    TOOL = "tool"
    """error: a program that it needs is missing"""
    PLUGIN = "plugin"
    """error: the plugin raised, or returned something else than a result"""
    NEEDS = "needs"
    """skipped: a step that it needs did not pass"""
    WHEN = "when"
    """skipped: its conditions do not hold; counts as satisfied"""
    STOPPED = "stopped"
    """skipped: another step failed first, and no new step starts after a failure"""
    INTERRUPTED = "interrupted"
    """cancelled: the user or the CI system stopped the run"""


class Severity(StrEnum):
    """How grave a finding is, in the terms that every report format can hold."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
