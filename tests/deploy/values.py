"""Options of deployments as a pipeline file has them: `read(folder, "strategy", "{batch: 2}")`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buildtools.pipeline.load import InvalidFile, load
from buildtools.pipeline.problems import Problem

_PLUGIN = '''
from buildtools.deploy.health import Check
from buildtools.deploy.hooks import Hooks
from buildtools.deploy.strategy import Strategy
from buildtools.plugin import Step, StepContext, StepResult


class Values(Step, frozen=True):
    """Hold what a deployment is told."""

    strategy: Strategy = Strategy()
    hooks: Hooks = Hooks()
    health: tuple[Check, ...] = ()

    def run(self, ctx: StepContext) -> StepResult:
        return StepResult()
'''


def read(folder: Path, option: str, text: str) -> Any:
    """Return what an option becomes when this YAML stands behind it."""
    (folder / "steps").mkdir(exist_ok=True)
    (folder / "steps/values.py").write_text(_PLUGIN, encoding="utf-8")
    file = folder / "pipeline.yaml"
    file.write_text(f"steps:\n  a:\n    uses: values\n    with:\n      {option}:\n        {text}\n", encoding="utf-8")
    return getattr(load(file, properties={}, env={}).steps[0].configure({}).step, option)


def problem(folder: Path, option: str, text: str) -> Problem:
    """Return the one problem with it, which stands in its line or below."""
    with pytest.raises(InvalidFile) as caught:
        read(folder, option, text)
    (found,) = caught.value.problems
    assert found.line >= 6, found
    return found
