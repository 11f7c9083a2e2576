"""Is the parallel lint pylint? Compares both on projects from PyPI, with several sets of options.

    python -m tests.differential.pylint_identical [PROJECT…]

Needs the network (pip downloads the sdists), and nothing of the projects' own dependencies. Takes minutes; exits 1 on
any difference to what is promised, and says where the fast path stepped aside.
"""

# ruff: noqa: T201

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pylint.extensions

from tests.support import same

PROJECTS = ("requests", "flask", "werkzeug", "click", "jinja2", "attrs")


def plugins() -> str:
    """Return the option that loads every extension that comes with pylint."""
    folder = Path(pylint.extensions.__file__).parent
    names = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))
    return "--load-plugins=" + ",".join(f"pylint.extensions.{name}" for name in names)


def unpacked(project: str, folder: Path) -> Path:
    """Download and unpack a project's sdist; return its root."""
    words = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", folder, project]
    subprocess.run(words, check=True)
    (archive,) = folder.glob("*.tar.gz")
    subprocess.run(["tar", "xf", archive, "-C", folder], check=True)
    (root,) = (entry for entry in folder.iterdir() if entry.is_dir())
    return root


def main(*projects: str) -> int:
    """Compare; return 1 on a difference."""
    bad = 0
    for project in projects or PROJECTS:
        with tempfile.TemporaryDirectory() as folder:
            root = unpacked(project, Path(folder))
            source = "src" if (root / "src").is_dir() else project
            for options in (
                ("--recursive=y", source),
                ("--enable=all", "--recursive=y", source, *(["tests"] if (root / "tests").is_dir() else [])),
                ("--enable=all", plugins(), "--recursive=y", source),
            ):
                mine, other = same.ours(root, ("--jobs=2", *options)), same.theirs(root, options)
                found = same.differences(mine, other)
                bad += bool(found)
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
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
