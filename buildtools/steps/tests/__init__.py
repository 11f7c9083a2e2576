"""The step `tests`: pytest or unittest, measured by coverage.py where that is wanted."""

from buildtools.steps.tests.measure import Coverage
from buildtools.steps.tests.step import Tests

__all__ = ["Coverage", "Tests"]
