"""Runs pytest and writes down what its tests do."""

# A plugin that pytest gets as an object, not by name: workers of pytest-xdist neither need nor see it, since the
# controller hears everything from them.

from __future__ import annotations

import os
import re
import sys
from typing import Any, Iterator  # noqa: UP035 - for Python 3.8

import pytest
from _buildtools_events import Events, cut

_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")


def run(settings: dict[str, Any], events: Events) -> int:
    """Run pytest with `settings["args"]`; return its exit status."""
    arguments = list(settings["args"])
    sys.argv = ["pytest", *arguments]
    return int(pytest.main(arguments, plugins=[Recorder(events, settings["coverage"] is not None)]))


class Recorder:
    """The plugin: writes an event for whatever happens."""

    def __init__(self, events: Events, measured: bool) -> None:
        self._events = events
        self._measured = measured
        self._root = ""
        self._collecting = ""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Iterator[None]:
        """Keep pytest-cov still while we measure: two tracers in one process take each other's data."""
        if self._measured and hasattr(early_config.known_args_namespace, "no_cov"):
            early_config.known_args_namespace.no_cov = True
        yield

    def pytest_sessionstart(self, session: Any) -> None:
        """Remember what paths are relative to."""
        self._root = str(session.config.rootpath)

    def pytest_collectstart(self, collector: Any) -> None:
        """Say which file is about to be imported."""
        if isinstance(collector, pytest.File):
            self._collecting = str(collector.nodeid)
            self._events.write("collecting", id=self._collecting)

    def pytest_collectreport(self, report: Any) -> None:
        """Write down a file that could not be collected, or was skipped whole."""
        self._collecting = ""
        if report.passed or not report.nodeid:
            return
        classname, _ = names(str(report.nodeid) + "::")
        text = str(report.longrepr)
        skipped = report.skipped
        self._events.write(
            "result",
            id=str(report.nodeid),
            when="collect",
            status="skipped" if skipped else "error",
            classname=classname,
            name="collection",
            message=_skip_reason(report) if skipped else _last_line(text),
            details="" if skipped else cut(text),
            file=os.path.join(self._root, str(report.nodeid).split("::", maxsplit=1)[0]),  # noqa: PTH118
        )

    def pytest_collection_finish(self, session: Any) -> None:
        """Say how many tests there are."""
        self._events.write("collected", total=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Any) -> None:
        """Say how many tests there are, where the workers collect."""
        self._events.write("collected", total=len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say which test begins."""
        self._events.write("begin", id=str(nodeid))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Say which test has ended."""
        self._events.write("end", id=str(nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write down one phase of a test, or one of its subtests."""
        nodeid = str(report.nodeid)
        classname, name = names(nodeid)
        path, line, _ = report.location
        fields = {
            "id": nodeid,
            "when": report.when if report.when in ("setup", "call", "teardown") else "crash",
            "status": _status(report),
            "classname": classname,
            "name": name,
            "seconds": report.duration if hasattr(report, "duration") else 0.0,
            "file": os.path.join(self._root, path),  # noqa: PTH118
            "line": 0 if line is None else line + 1,
            "stdout": cut("".join(text for title, text in report.sections if title.startswith("Captured stdout"))),
            "stderr": cut("".join(_errors(report))),
        }
        fields.update(_failure(report))
        context = getattr(report, "context", None)
        if context is not None and hasattr(context, "kwargs"):
            fields.update(when="subtest", description=_description(context))
        self._events.write("result", **fields)

    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> None:
        """Write down that pytest itself, or a plugin, broke down."""
        message, details = cut(excinfo.exconly(), 2000), cut(str(excrepr))
        self._events.write("trouble", id=self._collecting, message=message, details=details)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Write down that the session was ended early, by a signal or by `pytest.exit`."""
        if excinfo.typename == "Interrupted":
            # pytest's own way to stop: after errors of collection, or because a plugin asked; its exit status says so.
            return
        what = getattr(excinfo.value, "msg", "") or excinfo.typename
        self._events.write("trouble", message=f"ended early: {cut(str(what), 2000)}")


def names(nodeid: str) -> tuple[str, str]:
    """Split `tests/test_a.py::TestA::test_b[c::d]` into `tests.test_a.TestA` and `test_b[c::d]`."""
    path, _, rest = nodeid.partition("::")
    base, bracket, parameters = rest.partition("[")
    *classes, name = base.split("::")
    module = path[:-3] if path.endswith(".py") else path
    return ".".join([module.replace("/", "."), *classes]), name + bracket + parameters


def _status(report: Any) -> str:
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}.get(str(report.outcome), str(report.outcome))
    return str(report.outcome)


def _failure(report: Any) -> dict[str, str]:
    """Return message, type and details of what is not a plain pass."""
    if hasattr(report, "wasxfail"):
        reason = str(report.wasxfail)
        return {"message": reason[8:] if reason.startswith("reason: ") else reason, "details": cut(_text(report))}
    if report.skipped:
        return {"message": _skip_reason(report)}
    if report.passed:
        return {}
    crash = getattr(report.longrepr, "reprcrash", None)
    text = _text(report)
    message = str(crash.message) if crash is not None else _last_line(text)
    first = message.strip().split("\n", 1)[0]
    named = _EXCEPTION.match(first)
    kind = "AssertionError" if first.startswith("assert ") else named.group(1) if named else ""
    return {"message": cut(first, 2000), "type": kind, "details": cut(text)}


def _text(report: Any) -> str:
    return "" if report.longrepr is None else str(getattr(report, "longreprtext", report.longrepr))


def _skip_reason(report: Any) -> str:
    where = report.longrepr
    reason = str(where[2] if isinstance(where, (tuple, list)) and len(where) == 3 else where)
    return cut(reason[9:] if reason.startswith("Skipped: ") else reason, 2000)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return cut(re.sub(r"^E\s+", "", last).strip(), 2000)


def _errors(report: Any) -> Iterator[str]:
    """Yield what was captured of stderr, then of logging."""
    for kind, headline in (("Captured stderr", ""), ("Captured log", "log:\n")):
        texts = [text for title, text in report.sections if title.startswith(kind) and text]
        if texts:
            yield headline
            yield from texts


def _description(context: Any) -> str:
    parts = [] if context.msg is None else [f"[{context.msg}]"]
    values = ", ".join(f"{key}={value}" for key, value in context.kwargs.items())
    if values:
        parts.append(f"({values})")
    return cut(" ".join(parts) or "(<subtest>)", 500)
