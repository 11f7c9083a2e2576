"""What the `git` program knows of a folder, as plain values; asked when wanted, each question once."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from buildtools.core.errors import BuildtoolsError, ToolMissing
from buildtools.system.diff import EVERY_LINE, Changes, changes
from buildtools.system.query import query

# Set by git for its hooks: they would turn the questions to another repository or another index than the folder's.
_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
_DIFF_OPTIONS = "GIT_DIFF_OPTS"
"""A variable with numbers of context lines, which overrules what is asked for"""
# What the settings of a user, of a repository or of its attributes may want otherwise.
_DIFF = ("diff", "--relative", "-O/dev/null")
_LINES = (
    *("-U0", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic", "-M"),
    *("--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
)
_LOOKED_AT = 8000
"""In so many bytes at its beginning, git looks for a NUL to tell that a file is binary."""


class GitError(BuildtoolsError):
    """Git is not installed, the folder is in no repository, or git refused."""


class Repository:
    """The repository that `folder` lies in. Making one asks nothing; every question may raise `GitError`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, *words: str) -> str:
        """Return what `git WORDS…` prints, without the last newline. Bytes that are no UTF-8 come as surrogates."""
        status, out, err = self._run(*words)
        if status != 0:
            said = err.decode("utf-8", "replace").strip().splitlines()
            raise GitError(f"git {words[0]} in {self.folder}: {said[0] if said else f'exit status {status}'}")
        return os.fsdecode(out).removesuffix("\n")

    @cached_property
    def top(self) -> Path:
        """The work tree's top folder, absolute."""
        return Path(self.ask("rev-parse", "--show-toplevel"))

    @cached_property
    def revision(self) -> str:
        """The full hash of the commit that is checked out."""
        try:
            return self.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitError:
            _ = self.top  # says so if it is no repository at all
            raise GitError(f"the git repository in {self.folder} has no commit yet") from None

    @cached_property
    def short(self) -> str:
        """The commit's abbreviated hash: ten characters, more where git needs them to be unique."""
        _ = self.revision
        return self.ask("rev-parse", "--short=10", "HEAD")

    @cached_property
    def branch(self) -> str:
        """The branch that is checked out, `""` for a detached HEAD."""
        status, out, _ = self._run("symbolic-ref", "--quiet", "--short", "HEAD")
        if status != 0:
            _ = self.top
        return os.fsdecode(out).strip() if status == 0 else ""

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags that point at the commit, the newest version first; often none."""
        _ = self.revision
        return tuple(self.ask("tag", "--points-at", "HEAD", "--sort=-version:refname").split())

    @cached_property
    def dirty(self) -> bool:
        """Tracked files differ from the commit, or there are untracked ones that are not ignored."""
        return bool(self.ask("status", "--porcelain", "--untracked-files=normal"))

    @cached_property
    def subject(self) -> str:
        """The first line of the commit's message."""
        _ = self.revision
        return self.ask("log", "-1", "--format=%s", "--encoding=UTF-8")

    def tracked(self) -> tuple[Path, ...]:
        """The files below the folder that git knows, relative to it, sorted; not those inside submodules."""
        names = self.ask("ls-files", "-z", "--cached").split("\0")
        return tuple(sorted({Path(name) for name in names if name}))

    def has(self, revision: str) -> bool:
        """Whether `revision` names a commit that is here."""
        return self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")[0] == 0

    def default_base(self, candidates: tuple[str, ...] = ()) -> str:
        """Return the first of `candidates`, the remote's default branch, `main`, `master` that is here, else `""`."""
        common = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
        return next((name for name in (*candidates, *common) if self.has(name)), "")

    def base(self, named: str, option: str) -> str:
        """Return the commit that an option names to compare with; `auto` is the default branch. Raises `GitError`."""
        found = self.default_base() if named == "auto" else named
        if not found:
            raise GitError(f"{option}: auto finds no default branch", remedy="Name a branch or a commit.")
        if not self.has(found):
            remedy = "Fetch it: CI systems often clone no more than one commit."
            raise GitError(f"{option}: {found} is no commit here", remedy=remedy)
        return found

    def changed(self, base: str) -> tuple[str, ...]:
        """Return the files below the folder, relative to it, that differ from where HEAD and `base` parted.

        Committed or not, deleted ones and new untracked ones (unless ignored) too. On `base` itself, where nothing has
        parted, it is compared with the commit before; a first commit has changed everything.
        """
        origin = self._parting(base)
        if not origin:
            return tuple(sorted({*map(str, self.tracked()), *self._untracked()}))
        names = self.ask(*_DIFF, "--name-only", "--no-renames", "-z", origin).split("\0")
        return tuple(sorted({name for name in (*names, *self._untracked()) if name}))

    def changed_lines(self, base: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Return, of the files that `changed` tells and that are there, the lines that are new or changed.

        Ranges of lines, first and last, counting from 1; of a new file it is `EVERY_LINE`. Of a renamed file only what
        was changed besides counts.
        """
        origin = self._parting(base)
        if not origin:
            return dict.fromkeys(self.changed(base), (EVERY_LINE,))
        found = self._compared(origin)
        ranges = {**found.ranges, **dict.fromkeys((*found.binary, *self._untracked()), (EVERY_LINE,))}
        # Attributes may call text binary (`*.py -diff`). Not all is asked for as text: pictures have no lines.
        text = [name for name in found.binary if self._is_text(name)]
        return {**ranges, **self._compared("--text", origin, "--", *text).ranges} if text else ranges

    def renames(self, since: str) -> dict[str, str]:
        """Return the files below the folder that were renamed since a commit: their names by now, and those before."""
        words = (*_DIFF, "--name-status", "-z", "-M", "--diff-filter=R", "--end-of-options", since)
        parts = iter(self.ask(*words).split("\0"))
        return {new: old for _status, old, new in zip(parts, parts, parts, strict=False)}

    def _parting(self, base: str) -> str:
        """Return the commit where HEAD and `base` parted; on `base` itself the one before, `""` where there is none."""
        origin = self.ask("merge-base", "--end-of-options", base, "HEAD")
        if origin != self.revision:
            return origin
        return self.ask("rev-parse", "HEAD~1") if self.has("HEAD~1") else ""

    def _compared(self, *words: str) -> Changes:
        return changes(self.ask(*_DIFF, *_LINES, *words))

    def _is_text(self, name: str) -> bool:
        try:
            with (self.folder / name).open("rb") as file:
                return b"\0" not in file.read(_LOOKED_AT)
        except (OSError, ValueError):
            return False

    def _untracked(self) -> list[str]:
        names = self.ask("ls-files", "-z", "--others", "--exclude-standard").split("\0")
        return [name for found in names if found for name in self._below(found)]

    def _below(self, name: str) -> list[str]:
        """Return the files that a name stands for: of a repository within this one, git lists the folder alone."""
        if not name.endswith("/"):
            return [name]
        inner = Repository(self.folder / name)
        return [name + one for one in {*map(str, inner.tracked()), *inner._untracked()}]

    def _run(self, *words: str) -> tuple[int, bytes, bytes]:
        env = {name: value for name, value in os.environ.items() if name not in (*_INHERITED, _DIFF_OPTIONS)}
        # No lock files of its own, no questions, and messages that read the same everywhere.
        env.update(GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0", LC_ALL="C.UTF-8", GIT_PAGER="cat")
        # Names of files are no patterns, whatever they look like.
        env.update(GIT_LITERAL_PATHSPECS="1")
        try:
            return query(["git", *words], cwd=self.folder, env=env)
        except ToolMissing:
            raise GitError("git: not found", remedy="Install git, or write the value as a property.") from None
        except BuildtoolsError as error:
            raise GitError(error.message) from None
