"""A real Chromium to look at pages with: Playwright's driver and axe-core, installed once a session by the lockfile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.once import once

HERE = Path(__file__).parent
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing(session_folder: Path) -> str:
    """Install what is needed below `session_folder`; return why there is no browser, or nothing."""
    if not any(map(shutil.which, _NAMES)):
        return "there is no chromium"
    if not shutil.which("npm") or not shutil.which("node"):
        return "there is no npm"
    return once(session_folder / "browser", _install)


def _install(folder: Path) -> str:
    for name in ("package.json", "package-lock.json", ".npmrc", "drive.mjs"):
        shutil.copy(HERE / name, folder)
    # npm compares what it gets with the lockfile's sha512.
    argv = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "npm did not finish within five minutes"
    return (done.stderr.strip() or "npm failed") if done.returncode else ""


@contextmanager
def browser(session_folder: Path) -> Iterator[Browser]:
    """Start a browser, and end it with all its processes. `missing` must have said nothing."""
    program = next(filter(None, map(shutil.which, _NAMES)))
    folder = session_folder / "browser"
    # A Chromium keeps something in the home folder, whatever profile it is given.
    env = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config")}
    argv = ["node", "drive.mjs", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=folder, env=env, stdin=pipe, stdout=pipe, text=True) as driver:
        yield Browser(driver)
        assert driver.stdin is not None
        driver.stdin.close()
        driver.wait(timeout=60)


class Browser:
    """One page at a time. Playwright's methods of a page are called by their JavaScript names."""

    def __init__(self, driver: subprocess.Popen[str]) -> None:
        self._driver = driver

    def open(self, url: str, *, wait: str = "", **context: object) -> None:
        """Open a page in a new context with Playwright's options; `wait` is a selector to appear."""
        self._do(do="open", url=url, wait=wait, context=context)

    def call(self, name: str, *args: object) -> Any:
        """Call a method of the page."""
        return self._do(do="call", name=name, args=args)

    def js(self, expression: str) -> Any:
        """Evaluate an expression in the page."""
        return self.call("evaluate", expression)

    def text(self, selector: str) -> str:
        """Return the text that is to be seen at the first element that matches."""
        return str(self.call("innerText", selector))

    def until(self, condition: str) -> None:
        """Wait for an expression to become true."""
        self._do(do="until", expression=condition)

    @property
    def heard(self) -> list[str]:
        """What the page wrote to its console, and its uncaught errors."""
        return list(self._do(do="heard"))

    @property
    def barriers(self) -> list[str]:
        """The serious and critical violations that axe-core finds."""
        return list(self._do(do="axe"))

    def _do(self, **task: object) -> Any:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.write(json.dumps(task) + "\n")
        self._driver.stdin.flush()
        line = self._driver.stdout.readline()
        assert line, "the browser's driver has ended"
        answer = json.loads(line)
        assert "problem" not in answer, answer["problem"]
        return answer["value"]
