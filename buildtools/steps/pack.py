"""The step `pack`: a folder becomes a versioned archive and its manifest."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from buildtools.core.wording import count, size
from buildtools.deploy.archive import Load, Written, unwritable, write_archive
from buildtools.deploy.layout import Release, name_problem, path_problem
from buildtools.deploy.manifest import FORMAT, Manifest, encode
from buildtools.deploy.reuse import Known
from buildtools.deploy.selection import Note, Rules, Selection, select, spec
from buildtools.plugin import (
    Artifact,
    Cause,
    Kind,
    Metric,
    Status,
    Step,
    StepContext,
    StepError,
    StepResult,
    Tool,
)
from buildtools.steps.locate import shown
from buildtools.system.git import GitError, Repository
from buildtools.system.replace import replace_file

_MODE = re.compile(r"0?[4-7][0-7]{2}")
_EPOCH = 315_532_800
"""1980, the earliest that all archives can say: what a commit does not change has the same bytes after it"""
_DIRTY = "the work tree differs from its commit: the release holds more or other things than the revision says"


class Pack(Step, frozen=True):
    """Pack a folder into TARGET.VERSION.REVISION.tgz, reproducibly, with a manifest of every file.

    Left out by default are version control, caches, virtual environments, `build/dist`, `build/reports`,
    the pipeline file, Fabric's files and the secrets-file. Members are sorted and carry no owner, one time
    (`SOURCE_DATE_EPOCH`, else the beginning of 1980) and the mode 644 or 755. What the last archive has already is
    taken from there.
    """

    release_dir: Annotated[Path, msgspec.Meta(description="The folder to pack")] = Path()
    target: Annotated[
        str, msgspec.Meta(description="What it is; default: the property `target`, else the project folder's name")
    ] = ""
    release_version: Annotated[  # every plugin has a `version` of its own
        str, msgspec.Meta(description="Its version; default: the property `version`")
    ] = msgspec.field(name="version", default="")
    revision: Annotated[
        str, msgspec.Meta(description="Its revision; default: the property `revision`, else git's short one")
    ] = ""
    archive_dir: Annotated[Path, msgspec.Meta(description="Where the archive goes")] = Path("build/dist")
    include: Annotated[
        tuple[str, ...], msgspec.Meta(description="Only what these gitignore patterns match; default: everything")
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Not what these gitignore patterns match; `!PATTERN` takes something back in"),
    ] = ()
    rename: Annotated[
        dict[str, str], msgspec.Meta(description="Files and folders that have another name in the release")
    ] = {}  # noqa: RUF012 - msgspec gives each step its own
    modes: Annotated[
        dict[str, str],
        msgspec.Meta(description="Modes (`755`) of files in the release, by path or by gitignore pattern"),
    ] = {}  # noqa: RUF012 - msgspec gives each step its own
    only_tracked: Annotated[bool, msgspec.Meta(description="Only files that git knows")] = False

    kind: ClassVar[Kind] = Kind.ACTION
    positional: ClassVar[str] = "release-dir"
    provides: ClassVar[tuple[str, ...] | None] = ("archive", "manifest", "target", "version", "revision", "sha256")

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse names, modes, paths and patterns that no release can have."""
        for field, text in (("target", self.target), ("version", self.release_version), ("revision", self.revision)):
            if text and (problem := name_problem(text)):
                yield field, problem
        for source, path in self.rename.items():
            for text in (source, path):
                if problem := path_problem(text):
                    yield "rename", f"{text!r} {problem}"
        for path, mode in self.modes.items():
            if not _MODE.fullmatch(mode):
                yield "modes", f"{path!r}: {mode!r} is no mode that a file can be served with, like '644' or '755'"
        for option, patterns in (("include", self.include), ("exclude", self.exclude), ("modes", self.modes)):
            for pattern in patterns:
                try:
                    spec([pattern])
                except ValueError as error:
                    yield option, f"{pattern!r} is no gitignore pattern: {error}"

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:  # noqa: ARG002 - the same everywhere
        """Say whether the fast compressor is there."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("isal")
        except PackageNotFoundError:
            found = ""
        yield Tool(name="isal", version=found, remedy="pip install isal (packs some four times faster)", optional=True)

    def run(self, ctx: StepContext) -> StepResult:
        """Pack. An empty release is an error of its own (exit 4); the rest that can go wrong is a `StepError`."""
        with closing(Known(ctx.cache, f"{self.target} {self.release_dir}", self._out(ctx))) as known:
            return self._run(ctx, known)

    def _run(self, ctx: StepContext, known: Known) -> StepResult:
        prepared = self._prepared(ctx)
        release, out, repository = prepared.release, prepared.out, prepared.repository
        if prepared.problem:
            return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason=prepared.problem)
        for link in prepared.selection.dangling:
            ctx.warn(f"{link}: a link to something that is not in the release")
        dirty = _dirty(repository)
        if dirty:
            ctx.warn(_DIRTY)

        seen = 0

        def step(more: int) -> None:
            nonlocal seen
            ctx.check_cancelled()
            if more:
                seen += more
                ctx.progress(seen, note=f"{size(seen)} read")

        epoch = _epoch(ctx.env)
        load = Load(members=prepared.selection.members, epoch=epoch)
        written = write_archive(load, out / release.archive, known, step)
        manifest = Manifest(
            format=FORMAT,
            target=release.target,
            version=release.version,
            revision=release.revision,
            archive=release.archive,
            archive_size=written.size,
            archive_sha256=written.sha256,
            compressor=written.compressor,
            epoch=epoch,
            dirty=dirty,
            parts=written.parts,
            entries=written.entries,
        )
        data = encode(manifest)
        try:
            replace_file(out / release.manifest, data)
        except OSError as error:
            raise unwritable(out / release.manifest, error) from None
        _tell(ctx, out / release.archive, manifest)
        return _result(ctx.root, out, written, manifest, len(data))

    def preview(self, ctx: StepContext) -> Iterator[str]:
        """Say what would be in the archive, under which names and modes, and what would not."""
        from buildtools.deploy.prepared import LeftOut, listing

        left_out = LeftOut()
        prepared = self._prepared(ctx, left_out)
        if prepared.problem:
            raise StepError(prepared.problem)
        where = f"{shown(prepared.folder, ctx.root)}/".removeprefix("./")
        yield f"{shown(prepared.out / prepared.release.archive, ctx.root)} would be made of {where or 'the project'}:"
        yield from listing(prepared.selection, prepared.folder, left_out)
        if _dirty(prepared.repository):
            yield f"warning: {_DIRTY}"

    def _prepared(self, ctx: StepContext, note: Note | None = None) -> _Prepared:
        folder = Path(os.path.normpath(ctx.workdir / self.release_dir))
        if not folder.is_dir():
            raise StepError(f"release-dir: {folder} is {'not a folder' if folder.exists() else 'not there'}")
        repository = _repository(folder)
        release = self._release(ctx, repository)
        out = self._out(ctx)
        if out == folder:
            raise StepError("archive-dir: must be another folder than release-dir, or each archive would hold the last")
        rules = Rules(
            folder=folder,
            include=self.include,
            exclude=self.exclude,
            rename=self.rename,
            modes={path: int(mode, 8) for path, mode in self.modes.items()},
            outputs=frozenset({out, ctx.reports, *ctx.private_files}),
            tracked=self._tracked(folder, repository),
            unwanted=_within(folder, ctx.pipeline_file),
        )
        selection = select(rules, note)
        problem = ""
        if not any(member.kind != "folder" for member in selection.members):
            what = "matches `include` and `exclude`" if self.include or self.exclude else "is there to be packed"
            problem = f"nothing in {folder} {what}"
        return _Prepared(
            folder=folder, repository=repository, release=release, out=out, selection=selection, problem=problem
        )

    def _out(self, ctx: StepContext) -> Path:
        return Path(os.path.normpath(ctx.workdir / self.archive_dir))

    def _release(self, ctx: StepContext, repository: Repository | None) -> Release:
        """Fill in what the options leave open, and check what came from elsewhere."""
        values = ctx.properties
        version = self.release_version or values.get("version", "")
        revision = self.revision or values.get("revision", "") or (repository.short if repository else "")
        if not version:
            raise StepError(
                "version: neither the option nor a property of that name says it", remedy="Write `version:`."
            )
        if not revision:
            raise StepError(
                "revision: neither the option nor a property of that name says it, and there is no git commit to take",
                remedy="Write `revision:`, or commit first.",
            )
        target = self.target or values.get("target", "") or ctx.root.name
        release = Release(target=target, version=version, revision=revision)
        for field, problem in release.problems():
            raise StepError(f"{field}: {problem}", remedy=f"Write the option `{field}`.")
        return release

    def _tracked(self, folder: Path, repository: Repository | None) -> frozenset[str] | None:
        if not self.only_tracked:
            return None
        if repository is None:
            raise StepError(f"only-tracked: {folder} is in no git repository that has a commit")
        try:
            return frozenset(path.as_posix() for path in repository.tracked())
        except GitError as error:
            raise StepError(error.message, remedy=error.remedy) from None


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be packed from where to where; `problem` says why that would make no release."""

    folder: Path
    repository: Repository | None
    release: Release
    out: Path
    selection: Selection
    problem: str = ""


def _within(folder: Path, file: Path | None) -> tuple[str, ...]:
    """Return the file's path in the folder, if it lies there."""
    path = file and Path(os.path.normpath(file))
    return (path.relative_to(folder).as_posix(),) if path and path.is_relative_to(folder) else ()


def _repository(folder: Path) -> Repository | None:
    repository = Repository(folder)
    try:
        _ = repository.short
    except GitError:
        return None
    return repository


def _dirty(repository: Repository | None) -> bool | None:
    try:
        return repository.dirty if repository else None
    except GitError:
        return None


def _epoch(env: Mapping[str, str]) -> int:
    text = env.get("SOURCE_DATE_EPOCH", "")
    if text:
        if not re.fullmatch(r"[0-9]{1,11}", text):
            raise StepError(f"SOURCE_DATE_EPOCH: {text!r} is no number of seconds since 1970")
        return int(text)
    return _EPOCH


def _tell(ctx: StepContext, archive: Path, manifest: Manifest) -> None:
    if not manifest.compressor.startswith("isal"):
        ctx.output("isal is not installed: compressed by the standard library, some four times slower\n")
    sizes = f"{size(manifest.size)} in {count(manifest.files, 'file')} -> {size(manifest.archive_size)}"
    ctx.output(f"{shown(archive, ctx.root)}\n{sizes}, sha256 {manifest.archive_sha256}\n")


def _result(root: Path, out: Path, written: Written, manifest: Manifest, length: int) -> StepResult:
    archive, beside = shown(out / manifest.archive, root), shown(out / manifest.release.manifest, root)
    return StepResult(
        metrics=(
            Metric(name="archive size", value=written.size, unit="bytes"),
            Metric(name="files", value=manifest.files),
        ),
        artifacts=(
            Artifact(name="archive", path=archive, sha256=written.sha256, size=written.size),
            Artifact(name="manifest", path=beside, size=length),
        ),
        outputs={
            "archive": archive,
            "manifest": beside,
            "target": manifest.target,
            "version": manifest.version,
            "revision": manifest.revision,
            "sha256": written.sha256,
        },
    )
