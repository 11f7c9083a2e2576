"""Programs of a host that count how often they are called, and at one call let something happen.

Every program that a deployment's scripts call on a host is a step of the protocol at which it may be cut off: a folder
of small scripts with the programs' names stands first in PATH there. So a proof reaches every step, whatever the
scripts look like today.
"""

from __future__ import annotations

import shutil
from pathlib import Path

NAMES = (
    "awk basename cat chmod cksum cmp comm cp cut date dd df dirname du env expr find flock grep gzip head id join"
    " ln ls mkdir mkfifo mktemp mv od paste readlink rm rmdir sed seq sha256sum sleep sort stat sync tail tar tee touch"
    " tr uname uniq wc xargs"
)

_TEXT = """#!/bin/sh
if [ ! -e {folder}/armed ]; then exec {real} "$@"; fi
read -r at when 2>/dev/null <{folder}/armed || at=999999
echo {name} >>{folder}/steps
if [ "$({wc} -l <{folder}/steps)" -lt "$at" ]; then exec {real} "$@"; fi
if [ "$when" = before ]; then {mv} {folder}/armed {folder}/fired 2>/dev/null && . {folder}/event; fi
{real} "$@"
code=$?
if [ "$when" = after ]; then {mv} {folder}/armed {folder}/fired 2>/dev/null && . {folder}/event; fi
exit $code
"""


class Traps:
    """The programs of one host; `bin` is to stand first in its PATH. As long as it is not armed, it is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        for name in ("programs", "nothing"):
            (folder / name).mkdir(parents=True)
        self._lead("nothing")
        tools = {tool: shutil.which(tool) for tool in ("wc", "mv")}
        for name in NAMES.split():
            if real := shutil.which(name):
                path = folder / "programs" / name
                path.write_text(_TEXT.format(name=name, real=real, folder=folder, **tools), encoding="utf-8")
                path.chmod(0o755)

    def arm(self, at: int, when: str, event: str) -> None:
        """Let the shell commands `event` run at the call number `at`, before it or after it."""
        self.disarm()
        (self.folder / "event").write_text(event, encoding="utf-8")
        (self.folder / "steps").write_text("", encoding="utf-8")
        draft = self.folder / "draft"
        draft.write_text(f"{at} {when}\n", encoding="utf-8")
        draft.rename(self.folder / "armed")
        self._lead("programs")

    def disarm(self) -> list[str]:
        """Let nothing happen any more; return the programs called since, the last of them where it happened."""
        (self.folder / "armed").unlink(missing_ok=True)
        (self.folder / "fired").unlink(missing_ok=True)
        self._lead("nothing")  # a shell that knows a program's old place looks on in PATH
        steps = self.folder / "steps"
        return steps.read_text(encoding="utf-8").split() if steps.exists() else []

    @property
    def fired(self) -> bool:
        """Whether it has happened."""
        return (self.folder / "fired").exists()

    def _lead(self, name: str) -> None:
        draft = self.folder / "draft-bin"
        draft.unlink(missing_ok=True)
        draft.symlink_to(name)
        draft.rename(self.bin)
