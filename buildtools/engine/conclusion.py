"""The end of a run: its reports, its record, and the last event."""

from __future__ import annotations

import time

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.errors import ExitCode
from buildtools.core.events import RunFinished
from buildtools.core.results import RunResult
from buildtools.engine.dispatch import Dispatcher
from buildtools.engine.record import Record, write_result
from buildtools.engine.settings import RunSettings


def conclude(result: RunResult, settings: RunSettings, dispatcher: Dispatcher, record: Record | None) -> RunResult:
    """Write the reports, tell the sinks, close them, and return the masked result with all that went wrong.

    What `settings.conclude` raises is a fault of ours: it is raised again when everybody has heard the end.
    """
    result = settings.masker.value(result)
    fault: Exception | None = None
    try:
        for text in settings.conclude(result):
            dispatcher.problem(text)
    except Exception as error:  # the sinks must hear the end in any case
        fault = error
        result = msgspec.structs.replace(result, ended_by=ExitCode.FAULT)
    result = _recorded(result, dispatcher, record)
    dispatcher.push(RunFinished(time=time.time(), exit_code=int(result.exit_code), result=result))
    dispatcher.close()
    if dispatcher.problems != result.problems:
        result = _recorded(result, dispatcher, record)
    if fault is not None:
        raise fault
    return result


def _recorded(result: RunResult, dispatcher: Dispatcher, record: Record | None) -> RunResult:
    """Return the result with all problems known by now, and write it to `run.json`."""
    result = msgspec.structs.replace(result, problems=dispatcher.problems)
    if record is None:
        return result
    try:
        write_result(record.folder, result)
    except OSError as error:
        dispatcher.problem(f"{whole(str(record.folder))}: run.json cannot be written: {error.strerror}")
    return msgspec.structs.replace(result, problems=dispatcher.problems)
