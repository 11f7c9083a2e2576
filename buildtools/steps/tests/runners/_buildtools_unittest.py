"""Runs tests by unittest and writes down what they do."""

from __future__ import annotations

import inspect
import os
import sys
import time
import traceback
import unittest
from typing import Any

from _buildtools_events import Events, cut


def run(settings: dict[str, Any], events: Events) -> int:
    """Run the tests under `settings["paths"]`; return 0 if all went well, 1 if not, 2 for arguments not understood."""

    class Result(Recorder):
        log = events

    class Runner(unittest.TextTestRunner):
        resultclass = Result  # type: ignore[assignment]

        def run(self, test: Any) -> Any:
            events.write("collected", total=test.countTestCases())
            return super().run(test)

    class Program(unittest.TestProgram):
        """unittest's own command line, which finds its tests in our way."""

        def createTests(self, *_: Any, **__: Any) -> None:  # noqa: N802 - unittest's name
            self.testLoader = unittest.TestLoader()
            if getattr(self, "testNamePatterns", None):
                self.testLoader.testNamePatterns = self.testNamePatterns
            found = [_load(self.testLoader, path, settings, events) for path in settings["paths"] or ["."]]
            self.test = unittest.TestSuite(found)

        def runTests(self) -> None:  # noqa: N802 - unittest's name
            # What a test prints belongs to its case; `-b` is not needed to keep it.
            self.buffer = True
            super().runTests()

    # A name, whatever it is, keeps unittest from discovering by itself.
    argv = ["python -m unittest", *settings["args"], "tests"]
    sys.argv = argv[:-1]
    try:
        program = Program(module=None, argv=argv, testRunner=Runner, exit=False)
    except SystemExit as end:
        # Arguments that it does not understand; `exit=False` keeps it from leaving for the tests' sake.
        return end.code if isinstance(end.code, int) else 2
    if program.result.shouldStop and program.result.wasSuccessful():
        events.write("trouble", message="ended early: a test told the result to stop")
    return 0 if program.result.wasSuccessful() else 1


def _load(loader: Any, path: str, settings: dict[str, Any], events: Events) -> Any:
    """Return the tests of a folder, a file or a dotted name; what cannot be loaded is written down."""
    pattern = settings["pattern"] or "test*.py"
    events.write("collecting", id=path)
    try:
        if os.path.isdir(path):  # noqa: PTH112
            return loader.discover(path, pattern=pattern, top_level_dir=settings["top"] or _top(path))
        if os.path.isfile(path):  # noqa: PTH113
            folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100
            return loader.discover(folder, pattern=_literal(name), top_level_dir=settings["top"] or _top(folder))
        if os.sep in path or path.endswith(".py"):
            events.write("trouble", message=f"{path}: no such file or folder")
            return unittest.TestSuite()
        return loader.loadTestsFromName(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        events.write(
            "result",
            id=path,
            when="collect",
            status="error",
            classname=path,
            name="collection",
            type=type(error).__name__,
            message=cut(f"{type(error).__name__}: {error}", 2000),
            details=cut(traceback.format_exc()),
        )
        return unittest.TestSuite()


def _top(folder: str) -> str:
    """Return the folder above the outermost package that `folder` belongs to, so that relative imports work."""
    folder = os.path.abspath(folder)  # noqa: PTH100
    while os.path.isfile(os.path.join(folder, "__init__.py")):  # noqa: PTH113, PTH118
        folder = os.path.dirname(folder)  # noqa: PTH120
    return folder


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


class Recorder(unittest.TextTestResult):
    """unittest's own result, which writes an event for whatever happens."""

    log: Events
    _began = 0.0

    def startTest(self, test: Any) -> None:  # noqa: N802 - unittest's names, here and below
        self.log.write("begin", id=test.id())
        super().startTest(test)
        self._began = time.perf_counter()

    def stopTest(self, test: Any) -> None:  # noqa: N802
        seconds = time.perf_counter() - self._began
        stdout, stderr = _buffered(self, "_stdout_buffer"), _buffered(self, "_stderr_buffer")
        super().stopTest(test)
        # Time and output are known only now; whatever else was said of the test stands already.
        self._say(test, "passed", when="teardown", seconds=seconds, stdout=stdout, stderr=stderr)
        self.log.write("end", id=test.id())

    def addSuccess(self, test: Any) -> None:  # noqa: N802
        self._say(test, "passed")
        super().addSuccess(test)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._say(test, "failed", err)
        super().addFailure(test, err)

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        self._say(test, "error", err)
        super().addError(test, err)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        self._say(test, "skipped", message=reason)
        super().addSkip(test, reason)

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._say(test, "xfailed", err)
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self._say(test, "failed", message="unexpected success: it is marked as an expected failure")
        super().addUnexpectedSuccess(test)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        status = "passed"
        if err is not None:
            status = "failed" if issubclass(err[0], test.failureException) else "error"
        self._say(subtest, status, err)
        super().addSubTest(test, subtest, err)

    def _say(self, test: Any, status: str, err: Any = None, **fields: Any) -> None:
        owner = getattr(test, "test_case", None)
        fields.setdefault("when", "call")
        if owner is not None:
            fields.update(when="subtest", description=cut(_described(test), 500))
        fields.update(_place(test if owner is None else owner))
        if err is not None:
            fields.update(type=err[0].__name__, message=_message(err), details=cut(self._traceback(err, test)))
            if type(test).__name__ == "_FailedTest":
                # The loader wraps what happened: the real reason is the last line of the text.
                fields["message"] = cut(str(err[1]).strip().split("\n")[-1], 2000)
        self.log.write("result", status=status, **fields)

    def _traceback(self, err: Any, test: Any) -> str:
        # With `buffer` on, unittest adds the captured output to the text; ours stands in a field of its own.
        self.buffer, kept = False, self.buffer
        try:
            return str(self._exc_info_to_string(err, test))  # type: ignore[attr-defined]
        except Exception:
            return "".join(traceback.format_tb(err[2]))
        finally:
            self.buffer = kept


def _buffered(result: Any, name: str) -> str:
    buffer = getattr(result, name, None)
    return "" if buffer is None else cut(buffer.getvalue())


def _message(err: Any) -> str:
    try:
        text = f"{err[0].__name__}: {err[1]}"
    except Exception:
        text = err[0].__name__
    return cut(text.strip().split("\n", 1)[0], 2000)


def _described(subtest: Any) -> str:
    try:
        return str(subtest._subDescription())
    except AttributeError:
        return str(subtest)


def _place(test: Any) -> dict[str, Any]:
    """Return id, names, file and line of a test, of a module that failed to load, or of a class's fixture."""
    kind = type(test).__name__
    identity = str(test.id())
    if kind == "_FailedTest":
        module = test._testMethodName
        return {"id": identity, "when": "collect", "classname": module, "name": "collection"}
    if kind == "_ErrorHolder":
        # Its id is `setUpClass (package.module.Class)`.
        fixture, _, owner = identity.partition(" (")
        return {"id": identity, "when": "collect", "classname": owner.rstrip(")"), "name": fixture}
    classname, _, name = identity.rpartition(".")
    where: dict[str, Any] = {"id": identity, "classname": classname, "name": name}
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    try:
        code = inspect.unwrap(method).__code__  # type: ignore[arg-type]
        where.update(file=os.path.abspath(code.co_filename), line=code.co_firstlineno)  # noqa: PTH100
    except (AttributeError, TypeError, ValueError):
        pass
    return where
