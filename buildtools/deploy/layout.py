"""How releases, their files and their hosts are named: the only words that ever reach a host."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_NO_NAME = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
"""a part of a path that is empty, `.` or `..`"""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RESERVED = ("current", "releases", "shared")
_ADDRESS = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9._-]*)@)?"
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|(?P<host>[A-Za-z0-9_][A-Za-z0-9._-]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
PRIVATE = ".buildtools"
"""What belongs to buildtools itself, on a host and in a project: never part of a release."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """What is deployed: a version and revision of a target."""

    target: str
    version: str
    revision: str

    @property
    def name(self) -> str:
        """The release's folder on a host, without the `~2` of other content under the same name."""
        return f"{self.version}.{self.revision}"

    @property
    def archive(self) -> str:
        """The archive's file name."""
        return f"{self.target}.{self.name}.tgz"

    @property
    def manifest(self) -> str:
        """The manifest's file name."""
        return f"{self.target}.{self.name}.manifest.json"

    def problems(self) -> list[tuple[str, str]]:
        """Return `(field, problem)` for every name that cannot be used."""
        fields = (("target", self.target), ("version", self.version), ("revision", self.revision))
        return [(field, problem) for field, text in fields if (problem := name_problem(text))]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a host is: over SSH, or (`local`) this machine, with `folder` as the place where roots start."""

    text: str
    host: str = ""
    user: str = ""
    port: int = 0
    local: bool = False
    folder: str = ""


def parents(path: str) -> Iterator[str]:
    """Yield the folders that a relative path lies in, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path


def name_problem(text: str) -> str:
    """Return what keeps `text` from being a target, version or revision; empty if nothing does."""
    if not _NAME.fullmatch(text):
        return f"{text!r} is not a usable name: letters, digits and . _ + - only, beginning with a letter or a digit"
    if text.casefold() in _RESERVED:
        return f"{text!r} has a meaning of its own on the host; take another name"
    if len(text) > 64:
        return f"{text[:20]!r}… has {len(text)} characters; at most 64 fit into the file names made of it"
    return ""


def path_problem(path: str) -> str:
    """Return what keeps `path` from being the path of a file in a release; empty if nothing does."""
    if _NO_NAME.search(path):
        return "is not a plain path below the release"
    if path.partition("/")[0] == PRIVATE:
        return f"lies in {PRIVATE}, which belongs to buildtools itself"
    return text_problem(path)


def text_problem(text: str) -> str:
    """Return what keeps a path or a link's target from being the same text on every machine."""
    if _CONTROL.search(text):
        return "has a control character in its name"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    return ""


def link_problem(path: str, target: str) -> str:
    """Return what is wrong with a link at `path` of a release; empty if it stays inside."""
    if not target or target.startswith("/"):
        return "is a link to an absolute path, which leaves the release"
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if inside == ".." or inside.startswith("../"):
        return "is a link that leaves the release"
    return text_problem(target)


def address(text: str) -> Address | None:
    """Read `[user@]host[:port]` (an IPv6 address in brackets), `local:` or `local:FOLDER`; `None` if it is neither."""
    if text.startswith("local:"):
        folder = text.removeprefix("local:")
        return None if text_problem(folder) else Address(text=text, local=True, folder=folder)
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 <= int(match["port"] or 0) < 65536 or match["port"] == "0":
        return None
    host = match["host"] or match["literal"]
    return Address(text=text, host=host, user=match["user"] or "", port=int(match["port"] or 0))


def root_problem(root: str) -> str:
    """Return what keeps `root` from being the folder on a host that holds the targets."""
    if not root.strip() or text_problem(root):
        return "is not a usable folder name"
    if ".." in root.split("/"):
        return "must not contain '..'"
    return "must not start with '~': paths start at the login's home folder anyway" if root.startswith("~") else ""
