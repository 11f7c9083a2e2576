"""Runs pylint in whatever interpreter executes this file, and writes what came out of it as JSON.

Standalone: needs the standard library and pylint >= 3 only, knows nothing of buildtools but the folder `inside`.

    python driver.py OUT RESTRICT ARGUMENT…

`RESTRICT` is a JSON list of absolute paths: of the files that the arguments name, only these are linted; `-` is no
restriction. `OUT` becomes one JSON object: `pylint` (its version, empty if it cannot be imported), `problem`, and,
if it ran, `status` (pylint's own exit status), `score`, `fail_under`, `fail_on` (the symbols of `fail-on` that were
found), `ended` (whether pylint came to its report), `stdin` (whether it read its standard input), `unread` (what it
could not read of its configuration), `files` (what was checked), `messages` and `statistics` (those of the reporter
json2), `linted` and `cached` (how many of the files were linted now, and how many had been), `workers` (processes that
linted; 0: this one alone), `plain` (why it was this one alone, where several were wanted), `unkept` (why nothing can be
kept for the next time), `why` (pairs of a file that was linted and the reason) and `lost` (what could not be written).
If pylint itself breaks down, no file is written.

With `BUILDTOOLS_PYLINT_CACHE=FOLDER` in the environment, what can be proved to hold the next time is kept there, by the
name in `BUILDTOOLS_PYLINT_NAME`.
"""

# ruff: noqa: PTH100, PTH109, PTH118, PTH120, PTH123 - links in paths stay as they are, and pathlib costs start-up time

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import math
import os
import signal
import sys
from typing import Any, Sequence  # noqa: UP035 - for Python 3.8

CACHE = "BUILDTOOLS_PYLINT_CACHE"
"""The variable that names a folder to keep in it what can be proved to hold the next time"""
NAME = "BUILDTOOLS_PYLINT_NAME"
"""The variable that tells two apart that lint with the same arguments"""


def main(out: str, restrict: Sequence[str] | None, arguments: list[str]) -> int:
    """Run pylint with `arguments`; return the status to exit with."""
    at = _leave_own_folder()
    folder = os.environ.get(CACHE)
    state = watch = before = None
    if folder:
        # It would walk again and again through all that is known. The linting has a bound of its own.
        gc.disable()
        unchanged, states = _inside("unchanged"), _inside("state")
        state = states.place(folder, os.environ.get(NAME, ""), arguments, restrict)
        watch = unchanged.Watch()
        before = states.load(state)
        told = unchanged.outcome(before, state, watch.bases)
        if told is not None:
            with open(out, "wb") as file:
                file.write(told)
            return int(json.loads(told[: told.index(b",")] + b"}")["status"])
        watch.install()
    try:
        import pylint
    except ImportError as error:
        return _write(out, {"status": 0, "pylint": "", "problem": str(error)})
    version = getattr(pylint, "__version__", "0")
    if int(version.split(".")[0]) < 3:
        return _write(out, {"status": 0, "pylint": version, "problem": "too old"})
    if at is not None:
        # `python -m pylint` starts with the work folder in front and takes it away again, with some care.
        sys.path.insert(0, at)
    pylint.modify_sys_path()
    wish = _wish(arguments, state, watch, before)
    report = dict(_lint(restrict, arguments, wish), pylint=version)
    if wish is not None:
        wish.end()
        report.update(wish.told)
        if wish.finish is not None:
            kept = dict(report, why=[], workers=0, linted=0, cached=len(report["files"]))
            report["lost"] = wish.finish(_encoded(kept))
    # The interpreter's last collection would walk every tree there is: a fifth of a lint of flask.
    gc.freeze()
    return _write(out, report)


def _wish(arguments: list[str], state: Any, watch: Any, before: Any) -> Any:
    """Return how pylint is to run differently from pylint, if it is."""
    jobs = _told_jobs(arguments)
    if state is None and jobs in (None, 1):
        return None
    return _inside("wish").Wish(jobs, state, watch, before, arguments)


def _told_jobs(arguments: Sequence[str]) -> int | None:
    """Return the number of processes that the command line asks for, if it does."""
    found = None
    for word, after in zip(arguments, (*arguments[1:], "")):  # noqa: B905 - for Python 3.8
        if word == "--":
            break
        if word.startswith(("-j", "--jobs")):
            value = after if word in ("-j", "--jobs") else word[6:].lstrip("=") if word[1] == "-" else word[2:]
            found = int(value) if value.isdigit() else found
    return found


def _leave_own_folder() -> str | None:
    """Take this file's folder off the module path; return the work folder if it was there."""
    own = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == own:
        del sys.path[0]
        return os.getcwd()
    return None


def _lint(restrict: Sequence[str] | None, arguments: list[str], wish: Any) -> dict[str, Any]:
    from pylint.lint import PyLinter, Run
    from pylint.reporters.json_reporter import JSON2Reporter

    files: dict[str, None] = {}
    ended = False

    class Collector(JSON2Reporter):
        """json2, which keeps everything to itself until the end, and the linted files besides."""

        def on_set_current_module(self, module: str, filepath: str | None) -> None:  # noqa: ARG002
            if filepath:
                files[filepath] = None

        def display_messages(self, layout: Any) -> None:  # noqa: ARG002
            """Print nothing: stdout belongs to plugins and hooks that print."""
            nonlocal ended
            ended = True

    linter_class: Any = PyLinter
    if restrict is not None:
        wanted = {os.path.realpath(path) for path in restrict}

        class Restricted(PyLinter):
            """Keeps pylint's own idea of what the arguments mean, `ignore` included, and takes a part of it."""

            @staticmethod
            def should_analyze_file(modname: str, path: str, is_argument: bool = False) -> bool:
                ours = PyLinter.should_analyze_file(modname, path, is_argument)
                return ours and os.path.realpath(path) in wanted

        linter_class = Restricted

    if wish is not None:
        linter_class = _inside("linter").linter_class(linter_class, wish)
    Run.LinterClass = linter_class
    collector = Collector()
    sys.argv = ["pylint", *arguments]
    status, reading = 0, _inside("unread").watched()
    if wish is not None:
        wish.reading = reading
    try:
        Run(arguments, reporter=collector)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    linter = getattr(collector, "linter", None)
    if linter is None:
        return {"status": status}
    kept = len(files) - len(wish.told["why"]) if wish is not None and wish.finish is not None else 0
    return {
        "status": status,
        "score": _score(linter, collector) if files else None,
        "ended": ended,
        "stdin": bool(linter.config.from_stdin),
        "unread": reading.problems,
        "fail_under": linter.config.fail_under,
        "fail_on": sorted(set(linter.fail_on_symbols) & set(linter.stats.by_msg)),
        "files": list(files),
        "linted": len(files) - kept,
        "cached": kept,
        "messages": _Encoded(collector),
        "statistics": collector.serialize_stats(),
    }


def _inside(module: str) -> Any:
    """Import from the package beside this file, whose folder is not on the module path, under a name of its own."""
    import importlib
    import importlib.util

    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inside")
    name = "_buildtools_pylint_inside"
    if name not in sys.modules:
        place = os.path.join(folder, "__init__.py")
        spec = importlib.util.spec_from_file_location(name, place, submodule_search_locations=[folder])
        assert spec is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{name}.{module}")


def _score(linter: Any, collector: Any) -> float | None:
    """Return the score, or `None` where pylint itself does not rate: no statement, an evaluation that fails."""
    score = collector.serialize_stats().get("score")
    rated = linter.stats.statement and isinstance(score, (int, float)) and math.isfinite(score)
    return float(score) if rated else None


def _write(out: str, value: dict[str, Any]) -> int:
    with open(out, "wb") as file:
        file.write(_encoded(value))
    return int(value.get("status", 0))


class _Encoded:
    """A reporter's messages, encoded once for two reports. What is text there has been encoded before."""

    def __init__(self, reporter: Any) -> None:
        encode = json.JSONEncoder(ensure_ascii=False).encode
        texts = (one if isinstance(one, str) else encode(reporter.serialize(one)) for one in reporter.messages)
        self.data = f"[{', '.join(filter(None, texts))}]".encode("utf-8", "replace")


def _encoded(value: dict[str, Any]) -> bytes:
    # The status comes first. A file name may hold bytes that are no UTF-8: better a replaced character than no report.
    messages = value.get("messages")
    if not isinstance(messages, _Encoded):
        return json.dumps({"status": 0, **value}, ensure_ascii=False).encode("utf-8", "replace")
    rest = {name: one for name, one in value.items() if one is not messages}
    return b'%b, "messages": %b}' % (_encoded(rest)[:-1], messages.data)


def _leave(status: int) -> None:
    """End this process as the interpreter does, but let the system take its memory, which is faster."""
    threads: Any = sys.modules.get("threading")
    if threads is None or threads.active_count() == 1:
        if threads is not None:
            threads._shutdown()
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status & 0xFF)
    sys.exit(status)


if __name__ == "__main__":
    # Whoever interrupts it wants no account of where it was.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    chosen = None
    if sys.argv[2] != "-":
        with open(sys.argv[2], encoding="utf-8") as stream:
            chosen = json.load(stream)
    _leave(main(sys.argv[1], chosen, sys.argv[3:]))
