"""Runs tests, measured or not, in whatever interpreter executes this file.

    python _buildtools_entry.py run SETTINGS        run the tests
    python _buildtools_entry.py coverage SETTINGS   combine and report what was measured

`SETTINGS` is a JSON file: `runner`, `events` (the log's path) and what else the runner reads; `coverage` or null.
"""

# ruff: noqa: PTH100, PTH109, PTH120, PTH123 - pathlib would be one import more before the tests begin

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main(task: str, settings: dict[str, Any]) -> int:
    """Do the task; return the status to exit with."""
    own = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == own:
        # As `python -m pytest` has it: the work folder in front. Ours goes to the end, where it shadows nothing.
        sys.path[0] = os.getcwd()
    sys.path.append(own)
    if task == "coverage":
        import _buildtools_coverage

        return _buildtools_coverage.report(settings)
    return _run(settings)


def _run(settings: dict[str, Any]) -> int:
    from _buildtools_events import Events

    events = Events(settings["events"])
    measured = None
    if settings["coverage"] is not None:
        try:
            import _buildtools_coverage

            measured = _buildtools_coverage.start(settings["coverage"])
        except ImportError as error:
            events.write("missing", tool="coverage", problem=str(error))
            return 1
        except _buildtools_coverage.problems() as error:
            events.write("trouble", message=f"coverage: {error}")
            return 1
    try:
        if settings["runner"] == "pytest":
            try:
                from _buildtools_pytest import run
            except ImportError as error:
                if (error.name or "").split(".")[0] not in ("pytest", "_pytest"):
                    raise
                events.write("missing", tool="pytest", problem=str(error))
                return 1
        else:
            from _buildtools_unittest import run
        status = run(settings, events)
    finally:
        if measured is not None:
            measured.stop()
            measured.save()
    # Last of all: whoever ends the process before this point has not finished the tests.
    events.write("finish", status=status)
    return status


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as stream:
        read = json.load(stream)
    sys.exit(main(sys.argv[1], read))
