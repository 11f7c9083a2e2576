"""A folder of files that can be made again: whole or not there, also with two writers at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def cache_folder(env: Mapping[str, str]) -> Path:
    """Return the user's cache folder for JSLint; `BUILDTOOLS_CACHE_DIR` moves it."""
    if chosen := env.get("BUILDTOOLS_CACHE_DIR"):
        return Path(chosen).absolute() / "jslint"
    import platformdirs

    return platformdirs.user_cache_path("buildtools", appauthor=False) / "jslint"


def load(path: Path) -> bytes | None:
    """Return a file's content, or `None` if it cannot be had, for whatever reason."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def save(path: Path, data: bytes) -> str:
    """Put a file in place at one stroke; return why it could not be done, or an empty text."""
    from buildtools.system.replace import replace_file

    try:
        replace_file(path, data)
    except OSError as error:
        return f"{path.parent}: {error.strerror}"
    return ""
