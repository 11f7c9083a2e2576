"""The way in, for `python -m buildtools` and the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Import the command line and run it. Ctrl-C ends that quietly too: most of a short command's time is imports."""
    try:
        from buildtools.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
