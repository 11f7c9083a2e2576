"""One phase of a deployment as one command for a POSIX shell, and its answer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

_MARK = b"@bt "
_VARIABLE = re.compile(r"[a-z]+")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended on a host: `status` -1 means that the connection was lost first."""

    status: int
    stdout: bytes = b""
    stderr: bytes = b""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The answer: `(key, rest)` of each marked line; whatever else a login shell prints is passed over.

        Only a newline ends one: what a hook says is marked line by line as `sed` has them, and may hold a lone CR.
        """
        marked = [line[len(_MARK) :] for line in self.stdout.split(b"\n") if line.startswith(_MARK)]
        return [(key, rest) for key, _, rest in (line.decode("utf-8", "replace").partition(" ") for line in marked)]

    def first(self, key: str) -> str:
        """Return the rest of the first line with this key, empty if there is none."""
        return next((rest for name, rest in self.lines if name == key), "")

    def all(self, key: str) -> list[str]:
        """Return the rests of all lines with this key."""
        return [rest for name, rest in self.lines if name == key]

    @property
    def said(self) -> str:
        """The end of what the programs on the host had to say on stderr, as one line."""
        lines = [line.strip() for line in self.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        return "; ".join(lines[-3:])[-600:]


def compose(phase: str, variables: Mapping[str, str], arguments: Sequence[str] = ()) -> str:
    """Return the script of a phase, wrapped so that a truncated one runs nothing.

    `phase` names one script, or several that are run one after the other as one, with a blank between.
    Every value is quoted here; none reaches the shell in any other way. An argument list may be 128 KiB long on Linux,
    so nothing that grows with a release is among the values.
    """
    names = [name for name in variables if not _VARIABLE.fullmatch(name)]
    if names:
        raise ValueError(f"not shell variables: {names}")
    head = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    words = " ".join(shlex.quote(argument) for argument in arguments)
    body = "".join(_text(name) for name in ("common", *phase.split()))
    return f"{{\n{head}set -- {words}\n{body}exit\n}}\n"


def _text(name: str) -> str:
    return (Path(__file__).parent / "scripts" / f"{name}.sh").read_text(encoding="utf-8")
