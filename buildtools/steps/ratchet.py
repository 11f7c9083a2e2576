"""What a linter's step has found, held against what was there before: only new findings close the gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import Cause, Finding, Metric, Status, Step, StepContext, StepError, StepResult
from buildtools.steps.baseline import Entry, Matched, matched, read, write
from buildtools.steps.scope import is_new, stopped, unchecked
from buildtools.system.git import GitError, Repository

_NAMED = 3


class Ratchet(Step, frozen=True):
    """Base of the steps that find something in files."""

    baseline: Annotated[
        Path | None,
        msgspec.Meta(description="A file of known findings, which close no gate; `--update-baseline` writes it"),
    ] = None
    new_since: Annotated[
        str,
        msgspec.Meta(
            description="Only findings on lines changed since HEAD parted from this branch or commit close the gate; "
            "`auto`: the default branch"
        ),
    ] = ""

    def closes(self, findings: tuple[Finding, ...]) -> bool:
        """Whether these findings, all new, close the gate."""
        return bool(findings)

    def settle(self, ctx: StepContext, result: StepResult) -> StepResult:
        """Tell known findings from new ones, and let only these close the gate."""
        judged = result.status in (Status.PASSED, Status.FAILED) and result.cause is Cause.NONE
        if not judged or not (self.baseline or self.new_since):
            return result
        findings, known = result.findings, set[int]()
        fixed = 0
        if self.baseline is not None:
            held = self._held(ctx, ctx.workdir / self.baseline, findings)
            known |= held.known
            # Where only some files were looked at, nobody knows what became of the others' findings.
            fixed = len(held.fixed) if ctx.changed_files is None else 0
            if fixed:
                ctx.warn(
                    f"{self.baseline}: {count(fixed, 'finding')} in it found no more:"
                    " --update-baseline takes them out, so that they cannot come back"
                )
        if self.new_since:
            known |= set(_untouched(ctx.root, self.new_since, findings))
        if self.baseline is not None:
            self._refuse(ctx, tuple(one for number, one in enumerate(findings) if number not in known))
        return self._judged(result, frozenset(known), fixed)

    def _refuse(self, ctx: StepContext, new: tuple[Finding, ...]) -> None:
        """Say which findings no baseline takes, so that nobody tries to write them into it."""
        stuck = [f"{one.place} {one.rule}" for one in new if unchecked(one)]
        if stuck:
            some = ", ".join(stuck[:_NAMED]) + (", …" if len(stuck) > _NAMED else "")
            ctx.warn(
                f"{self.baseline}: {some}: cannot be known findings, since they say that files were not checked to"
                " their end, and nobody knows what else is in these: mend them, or leave the files out"
            )

    def _judged(self, result: StepResult, known: frozenset[int], fixed: int) -> StepResult:
        findings = tuple(
            msgspec.structs.replace(one, known=True) if number in known else one
            for number, one in enumerate(result.findings)
        )
        new = tuple(one for one in findings if not one.known)
        metrics = (
            *result.metrics,
            Metric(name="new findings", value=float(len(new))),
            *((Metric(name="fixed findings", value=float(fixed)),) if self.baseline is not None else ()),
        )
        marked = msgspec.structs.replace(result, findings=findings, metrics=metrics)
        if result.status is Status.PASSED:
            return marked
        if self.closes(new):
            reason = f"{count(len(new), 'new finding')}; in all {result.reason}"
            return msgspec.structs.replace(marked, reason=reason if known else result.reason)
        held = tuple(_without_missed_bar(metric) for metric in metrics)
        reason = f"nothing new: {result.reason}"
        return msgspec.structs.replace(marked, status=Status.PASSED, reason=reason, metrics=held)

    def _held(self, ctx: StepContext, path: Path, findings: tuple[Finding, ...]) -> Matched:
        repository = Repository(ctx.root)
        found = read(path)
        stuck = {number for number, one in enumerate(findings) if unchecked(one)}
        if found is None:
            if not ctx.updating:
                raise StepError(f"baseline: {path} is not there", remedy="Write it once by --update-baseline.")
            if ctx.changed_files is not None:
                raise StepError("baseline: is not written from a part of the files", remedy="Run it for all of them.")
            known = frozenset(range(len(findings))) - stuck
            write(path, _entries(findings, known), _revision(repository))
            return Matched(known, ())
        held = matched(findings, found, {})
        if held.fixed and len(held.known) < len(findings) and found.revision:
            held = matched(findings, found, _renames(repository, found.revision))
        # What is not found in a file that was not checked to its end may be there all the same.
        unsure = _unseen(held.fixed, [findings[number] for number in stuck])
        known, fixed = held.known - stuck, tuple(entry for entry in held.fixed if entry not in unsure)
        if ctx.updating and ctx.changed_files is None:
            # It never grows: what is new is to be mended, or the file written anew by somebody who means it.
            kept = (*_entries(findings, known), *unsure)
            if len(kept) < len(found.findings) or {one.path for one in kept} != {one.path for one in found.findings}:
                write(path, kept, _revision(repository))
            return Matched(known, ())
        return Matched(known, fixed)


def _entries(findings: tuple[Finding, ...], known: frozenset[int]) -> tuple[Entry, ...]:
    return tuple(Entry.of(findings[number]) for number in sorted(known))


def _unseen(entries: tuple[Entry, ...], stuck: list[Finding]) -> frozenset[Entry]:
    everything = any(map(stopped, stuck))
    paths = {one.path for one in stuck}
    return frozenset(entry for entry in entries if everything or entry.path in paths)


def _untouched(root: Path, base: str, findings: tuple[Finding, ...]) -> Iterator[int]:
    repository = Repository(root)
    changed = repository.changed_lines(repository.base(base, "new-since"))
    yield from (number for number, one in enumerate(findings) if not is_new(one, changed, root))


def _revision(repository: Repository) -> str:
    try:
        return repository.revision
    except GitError:
        return ""


def _renames(repository: Repository, since: str) -> dict[str, str]:
    try:
        return repository.renames(since)
    except GitError:
        # The commit may be gone, or never have been fetched: then names count as they are.
        return {}


def _without_missed_bar(metric: Metric) -> Metric:
    missed = metric.threshold is not None and metric.value < metric.threshold
    return msgspec.structs.replace(metric, threshold=None) if missed else metric
