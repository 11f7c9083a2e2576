"""Everything that a step plugin needs: `from buildtools.plugin import Step, StepContext, StepResult`."""

from buildtools.core.errors import Cancelled, StepError, ToolMissing
from buildtools.core.model import Cause, Kind, Severity, Status
from buildtools.core.results import (
    FROM_CACHE,
    Artifact,
    CoveredFile,
    Finding,
    Metric,
    StepResult,
    TestCase,
    fingerprinted,
)
from buildtools.core.step import Cache, Completed, Duration, Inputs, Step, StepContext, Tool

__all__ = [
    "FROM_CACHE",
    "Artifact",
    "Cache",
    "Cancelled",
    "Cause",
    "Completed",
    "CoveredFile",
    "Duration",
    "Finding",
    "Inputs",
    "Kind",
    "Metric",
    "Severity",
    "Status",
    "Step",
    "StepContext",
    "StepError",
    "StepResult",
    "TestCase",
    "Tool",
    "ToolMissing",
    "fingerprinted",
]
