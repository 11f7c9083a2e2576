"""`buildtools why`: what made a step run again, instead of being taken from the cache."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from buildtools.cli.options import project_options

if TYPE_CHECKING:
    from buildtools.core.errors import UsageProblem
    from buildtools.core.results import StepResult
    from buildtools.engine.cache import Why
    from buildtools.engine.why import Answer

_SHOWN = 40
_NEVER = "never cached: it does not say what its result depends on"


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from buildtools.engine.why import known_steps
    from buildtools.session import state_folder

    try:
        known = known_steps(state_folder(ctx.params.get("file_option")) / "runs")
    except Exception:  # a broken folder must not break the user's shell
        return []
    return [name for name in known if name.startswith(incomplete)]


@click.command("why")
@click.argument("step", shell_complete=_complete)
@project_options
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every file.")
def command(step: str, file_option: Path | None, as_json: bool) -> None:
    """Say what made STEP run again in the last run that had it.

    That is a file or another part of what its result depends on, or the reason why its result is not kept at all. The
    name of a step with a matrix means all its members.
    """
    from buildtools.engine.why import ask
    from buildtools.session import state_folder

    runs = state_folder(file_option) / "runs"
    answers = ask(runs, step)
    if not answers:
        raise _unknown(runs, step)
    if as_json:
        import json

        click.echo(json.dumps([_plain(answer) for answer in answers]))
        return
    for answer in answers:
        click.echo(_shown("\n".join(_lines(answer))))


def _unknown(runs: Path, step: str) -> UsageProblem:
    from buildtools.core.errors import UsageProblem
    from buildtools.core.wording import did_you_mean
    from buildtools.engine.why import known_steps, never_started

    passed_over = never_started(runs, step)
    if passed_over is None:
        message = f"no run that is on record ran a step called {step!r}.{did_you_mean(step, known_steps(runs))}"
    else:
        result = passed_over.result
        how = f"{result.status.value}{_because(result)}"
        message = f"no run that is on record ran {passed_over.id!r}; the last one left it {how}"
    return UsageProblem(message, remedy=f"The records are in {runs}; the newest 20 runs are kept.")


def _plain(answer: Answer) -> dict[str, Any]:
    return {
        "run": answer.run,
        "step": answer.step.id,
        "status": answer.step.result.status.value,
        "cached": answer.step.cached,
        "reasons": [{"subject": why.subject, "why": why.why} for why in _reasons(answer)],
    }


def _reasons(answer: Answer) -> tuple[Why, ...]:
    from buildtools.engine.cache import Why

    if answer.whys or answer.step.cached:
        return answer.whys
    result = answer.step.result
    if result.status.value == "skipped":
        return (Why(why=f"there was nothing to do{_because(result)}"),)
    if result.status.value not in ("passed", "failed") or result.cause.value == "timeout":
        return (Why(why=f"it ended before it said what had to be done{_because(result)}"),)
    return (Why(why="what it looks at was in the cache" if answer.noted else _NEVER),)


def _because(result: StepResult) -> str:
    return f": {result.reason}" if result.reason else ""


def _lines(answer: Answer) -> Iterator[str]:
    step = answer.step
    came = "came from the cache" if step.cached else f"ran and {_WORDS.get(step.result.status.value, 'ended')}"
    yield f"{step.id} {came} in run {answer.run}"
    reasons = _reasons(answer)
    width = min(max((len(why.subject) for why in reasons), default=0), 40)
    for why in reasons[:_SHOWN]:
        yield from _wrapped(why, width)
    if len(reasons) > _SHOWN:
        yield f"  and {len(reasons) - _SHOWN:,} more; --json has all"


def _wrapped(why: Why, width: int) -> Iterator[str]:
    import textwrap

    room = max(shutil.get_terminal_size((80, 24)).columns, 40)
    first = f"  {why.subject:<{width}}  " if why.subject else "  "
    if len(first) + min(len(why.why), 24) > room:
        yield first.rstrip()
        first = "      "
    later = " " * (len(first) if why.subject else 4)
    yield from textwrap.wrap(why.why, room, initial_indent=first, subsequent_indent=later) or [first.rstrip()]


def _shown(text: str) -> str:
    """Return text with an arrow that stdout's encoding has."""
    try:
        "→".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.replace("→", "->")
    return text


_WORDS = {
    "passed": "passed",
    "failed": "failed",
    "error": "could not do its work",
    "skipped": "found nothing to do",
    "cancelled": "was cancelled",
}
