from __future__ import annotations

from pathlib import Path

import pytest

from buildtools import session
from buildtools.core.events import AnyEvent
from buildtools.engine.plan import Selection
from buildtools.reports.plain import PlainConsole


def test_a_console_that_breaks_down_is_called_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: PlainConsole, event: AnyEvent) -> None:
        raise ValueError("dark")

    monkeypatch.setattr(PlainConsole, "handle", broken)
    file = tmp_path / "pipeline.yaml"
    file.write_text("steps: {a: {uses: shell, with: {run: 'true'}}}")
    plan = session.plan_of(session.open_pipeline(file, {}), Selection())
    told: list[str] = []
    choice = session.OutputChoice(rerun=str, complain=told.append)
    result = session.run(plan, session.RunRequest(reports=tmp_path / "reports"), choice)
    assert told == ["standard output: switched off after ValueError: dark"]
    assert result.problems == tuple(told)
