"""The step `pylint`: pylint itself, in the project's own interpreter."""

from buildtools.steps.pylint.step import Pylint

__all__ = ["Pylint"]
