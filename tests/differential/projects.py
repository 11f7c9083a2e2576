"""Real code to lint: projects from PyPI's sdists, and which of their folders are linted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pylint.extensions

FOLDERS = {
    "requests": ("src",),
    "flask": ("src",),
    "werkzeug": ("src",),
    "click": ("src",),
    "jinja2": ("src",),
    "attrs": ("src",),
    "rich": ("rich",),
    "django": ("django/db", "django/core"),
}
"""What is linted of each; of others: `src`, or the folder of the project's name"""


def plugins() -> str:
    """Return the option that loads every extension that comes with pylint."""
    folder = Path(pylint.extensions.__file__).parent
    names = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))
    return "--load-plugins=" + ",".join(f"pylint.extensions.{name}" for name in names)


def unpacked(project: str, folder: Path) -> Path:
    """Download and unpack a project's sdist below `folder`, unless it lies there already; return its root."""
    place = folder / project
    if not place.exists():
        place.mkdir(parents=True)
        words = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps"]
        subprocess.run([*words, "-d", place, project], check=True)
        (archive,) = place.glob("*.tar.gz")
        subprocess.run(["tar", "xf", archive, "-C", place], check=True)
        archive.unlink()
    (root,) = (entry for entry in place.iterdir() if entry.is_dir())
    return root


def folders(project: str, root: Path) -> tuple[str, ...]:
    """Return what of an unpacked project is linted."""
    return FOLDERS.get(project) or (("src",) if (root / "src").is_dir() else (project,))
