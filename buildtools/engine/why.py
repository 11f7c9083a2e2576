"""Why a step was not taken from the cache: noted in the run's record, read by `buildtools why`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from buildtools.core.decoding import from_json
from buildtools.core.encoding import encode
from buildtools.core.masking import Masker
from buildtools.core.results import RunResult, StepRun
from buildtools.engine.cache import Why
from buildtools.system.replace import replace_file

_MOST = 20_000


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """All reasons of one step in one run. None of them is left out but those beyond the first 20,000."""

    step: str
    whys: tuple[Why, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a step in the last run that had it; `noted` is false where nothing was written down."""

    run: str
    step: StepRun
    whys: tuple[Why, ...] = ()
    noted: bool = False


def write_note(folder: Path, name: str, note: Note, masker: Masker) -> None:
    """Write a step's reasons into a run's folder; what cannot be written is not worth a word."""
    note = masker.value(msgspec.structs.replace(note, whys=note.whys[:_MOST]))
    with suppress(OSError):
        folder.stat()  # not made again, should somebody have removed it
        replace_file(folder / "why" / f"{name}.json", encode(note) + b"\n")


def ask(runs: Path, step: str) -> tuple[Answer, ...]:
    """Return what is known of a step, or of all members of its matrix, in the last run that had it."""
    for folder, result in _recorded(runs):
        started = [run for run in _named(result, step) if run.started is not None]
        if started:
            notes = {note.step: note for note in _notes(folder)}
            return tuple(_answer(result.id, run, notes.get(run.id)) for run in started)
    return ()


def never_started(runs: Path, step: str) -> StepRun | None:
    """Return how a step, or the first member of its matrix, was passed over in the last run that knows it."""
    return next((run for _, result in _recorded(runs) for run in _named(result, step) if run.started is None), None)


def known_steps(runs: Path) -> Sequence[str]:
    """Return the steps of all recorded runs."""
    known: dict[str, None] = {}
    for _, result in _recorded(runs):
        known.update(dict.fromkeys(run.id for run in result.steps))
    return tuple(known)


def _named(result: RunResult, step: str) -> list[StepRun]:
    return [run for run in result.steps if run.id == step or run.id.startswith(f"{step}[")]


def _answer(run: str, step: StepRun, note: Note | None) -> Answer:
    return Answer(run=run, step=step, whys=note.whys if note else (), noted=note is not None)


def _recorded(runs: Path) -> Iterator[tuple[Path, RunResult]]:
    """Yield the folders and results of the runs that can be read, the newest first."""
    folders: list[Path] = []
    with suppress(OSError):
        folders = sorted((folder for folder in runs.iterdir() if folder.is_dir()), reverse=True)
    for folder in folders:
        try:
            result = from_json((folder / "run.json").read_bytes(), RunResult)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        yield folder, result


def _notes(folder: Path) -> Iterator[Note]:
    for file in sorted((folder / "why").glob("*.json")):
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            yield from_json(file.read_bytes(), Note)
