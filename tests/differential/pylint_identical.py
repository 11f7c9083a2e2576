"""Is the parallel lint pylint? Compares both on projects from PyPI, with several sets of options.

    python -m tests.differential.pylint_identical [--sources FOLDER] [PROJECT…]

Needs the network (pip downloads the sdists, into FOLDER if one is given, and not again if they lie there), and nothing
of the projects' own dependencies. Takes minutes; exits 1 on any difference to what is promised, and says where the
fast path stepped aside.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from tests.differential.projects import FOLDERS, folders, plugins, unpacked
from tests.support import same


def option_sets(project: str, root: Path) -> tuple[tuple[str, ...], ...]:
    """Return the command lines to compare with."""
    code = folders(project, root)
    # Those of django are an application of its own, with ten times the code.
    tests = ("tests",) if (root / "tests").is_dir() and project != "django" else ()
    return (
        ("--recursive=y", *code),
        ("--enable=all", "--recursive=y", *code, *tests),
        ("--enable=all", plugins(), "--recursive=y", *code),
    )


def compared(root: Path, options: tuple[str, ...]) -> bool:
    """Compare once and say how it went; return whether that was as promised."""
    mine, other = same.ours(root, ("--jobs=2", *options)), same.theirs(root, options)
    found = same.differences(mine, other)
    said = " ".join(option if len(option) < 40 else option[:36] + "…" for option in options)
    how = f"{mine.workers} workers" if mine.workers else f"one process: {mine.plain}"
    times = f"{mine.seconds:.1f} s, pylint {other.seconds:.1f} s"
    verdict = "DIFFERENT" if found else "identical"
    moved = same.reordered(mine, other)
    if moved and not found:
        verdict += f" but for the order of {moved} at one place (pylint's own varies there)"
    print(f"{root.name} {said}: {len(other.messages)} messages, {verdict}; {how}; {times}", flush=True)
    for line in found[:10]:
        print("  ", line[:300])
    return not found


def main(*arguments: str) -> int:
    """Compare; return 1 on a difference."""
    parser = argparse.ArgumentParser(prog="pylint_identical")
    parser.add_argument("--sources", type=Path)
    parser.add_argument("projects", nargs="*", default=list(FOLDERS))
    asked = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for project in asked.projects:
            root = unpacked(project, (asked.sources or Path(folder)).absolute())
            for options in option_sets(project, root):
                good = compared(root, options) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
