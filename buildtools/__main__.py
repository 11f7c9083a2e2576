"""The way in, for `python -m buildtools` and the console script."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Import the command line and run it. Ctrl-C ends that quietly too: most of a short command's time is imports."""
    # What start-up makes stays to the end, so looking through it for garbage is time for nothing: some 10 ms of a
    # short command. A run turns the collector on again before its first step.
    gc.disable()
    try:
        from buildtools.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
