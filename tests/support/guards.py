"""What a test must leave as it found it: the home folder, the environment, the current folder, and no process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

MARK = "BUILD_TEST_GUARD"
"""A variable that every process started by a test inherits: finds those too that have a new parent by now."""

# Whatever says "you are in such and such CI" or colours output would make tests pass here and fail there.
_AMBIENT = (
    "BUILDTOOLS_",
    "GITHUB_",
    "GITLAB_",
    "CI_",
    "JENKINS_",
    "TEAMCITY_",
    "XDG_",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
)
_AMBIENT_NAMES = {
    "CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CLICOLOR", "CLICOLOR_FORCE", "SOURCE_DATE_EPOCH", "BUILD_ID",
    "BUILD_NUMBER", "PYTHONPATH", "PYTHONHASHSEED", "PYLINTRC", "PYLINTHOME", "GIT_DIR", "GIT_WORK_TREE",
    "GIT_INDEX_FILE", "SSH_AUTH_SOCK", "DISPLAY", "VIRTUAL_ENV",
}  # fmt: skip

_TRANSIENT = {"PYTEST_CURRENT_TEST"}


def is_ambient(name: str) -> bool:
    """Say whether a variable of the caller's environment could change what a test sees."""
    return name in _AMBIENT_NAMES or name.startswith(_AMBIENT)


def sheltered(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment in which tests run: nobody's settings, one cache per session, a git identity.

    `folder` is the session's. Where packages come from (npm's and pip's own settings) stays as it is on the machine.
    """
    env = {name: value for name, value in environ.items() if not is_ambient(name)}
    real_home = Path(environ.get("HOME", "/nonexistent"))
    for variable, file in (("npm_config_userconfig", ".npmrc"), ("PIP_CONFIG_FILE", ".config/pip/pip.conf")):
        with suppress(OSError):
            if variable not in env and (real_home / file).is_file():
                env[variable] = str(real_home / file)
    gitconfig = folder / "gitconfig"
    gitconfig.write_text(
        "[user]\n\tname = A Tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n"
        "[commit]\n\tgpgsign = false\n[safe]\n\tdirectory = *\n",
        encoding="utf-8",
    )
    env["GIT_CONFIG_GLOBAL"] = str(gitconfig)
    for variable, name in (("XDG_CACHE_HOME", "cache"), ("npm_config_cache", "npm")):
        (folder / name).mkdir(exist_ok=True)
        env[variable] = str(folder / name)
    return env


def environment_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return one line per variable that was added, removed or changed."""
    names = sorted((set(before) | set(after)) - _TRANSIENT)
    return [
        f"{name}: {before.get(name, '(unset)')!r} -> {after.get(name, '(unset)')!r}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def home_changes(home: Path) -> list[str]:
    """Return what was written into a home folder that was empty."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*")) if home.is_dir() else []


def children() -> set[int]:
    """Return the ids of this process' direct children (Linux; elsewhere none are seen)."""
    found = set()
    for folder in _proc_folders():
        with suppress(OSError):
            # `pid (name) state ppid …`, where the name may hold spaces and brackets.
            fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[1]) == os.getpid() and fields[0] != b"Z":
                found.add(int(folder.name))
    return found


def marked(mark: str) -> set[int]:
    """Return the ids of living processes whose environment carries this test's mark."""
    wanted = f"{MARK}={mark}".encode()
    found = set()
    for folder in _proc_folders():
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    return found - {os.getpid()}


def leaked(mark: str, before: set[int], *, grace: float = 1.0) -> dict[int, str]:
    """Return the processes that a test left behind, by id, as command lines; they have `grace` seconds to go."""
    deadline = time.monotonic() + grace
    while True:
        left = {pid: words for pid in marked(mark) | (children() - before) if (words := _command(pid))}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def end(pids: Iterator[int] | set[int]) -> None:
    """Kill what was left, so that one bad test does not spoil the next."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _proc_folders() -> list[Path]:
    with suppress(OSError):
        return [Path("/proc", name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - ten times faster
    return []


def _command(pid: int) -> str:
    """Return a process' command line; empty for one that is gone, or that Python itself keeps for its own ends."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        return "" if "multiprocessing.resource_tracker" in words else words
    return ""
