"""`buildtools report trends`: how a pipeline's numbers went from run to run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from buildtools.cli.options import color_option, project_options

if TYPE_CHECKING:
    from buildtools.reports.history import FlakyTest, StepPast


@click.command("trends")
@click.argument("steps", nargs=-1, metavar="[STEP]...")
@project_options
@click.option("-n", "--runs", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many runs.")
@click.option("--history", metavar="PATH", help="Another history than the project's .buildtools/history.sqlite.")
@click.option("--pipeline", default="", help="Of which pipeline, where the history has several; default: the last one.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@color_option
def command(
    steps: tuple[str, ...],
    file_option: Path | None,
    runs: int,
    history: str | None,
    pipeline: str,
    as_json: bool,
    color: str,
) -> None:
    """Show for each step how often it passed, how long it took, its metrics, and which of its tests are flaky."""
    from buildtools.core.errors import StepError
    from buildtools.core.wording import did_you_mean
    from buildtools.reports.history import History, HistoryError
    from buildtools.session import history_of, project_of

    kept = History(Path(history) if history else history_of(project_of(file_option)[1]))
    try:
        known = kept.pipelines()
        name = pipeline or next(iter(known), "")
        past = kept.steps(name, runs)
        flaky = [test for test in kept.flaky(name, runs) if not steps or test.step in steps]
    except HistoryError as error:
        raise StepError(str(error)) from None
    if not known:
        raise StepError(f"{kept.path}: no run is in it", remedy="Run the pipeline once, or name another by --history.")
    if pipeline and pipeline not in known:
        raise click.BadParameter(f"no run of {pipeline!r} is known.{did_you_mean(pipeline, known)}")
    for step in steps:
        if step not in past:
            raise click.BadParameter(f"no run of a step {step!r} is known.{did_you_mean(step, tuple(past))}")
    past = {step: runs_of for step, runs_of in past.items() if not steps or step in steps}
    if as_json:
        import msgspec

        from buildtools.reports.trends import rows

        found = {"schema_version": 1, "pipeline": name, "steps": list(rows(past)), "flaky": flaky}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return
    _print(name, past, flaky, color)


def _print(name: str, past: dict[str, list[StepPast]], flaky: list[FlakyTest], color: str) -> None:
    from buildtools.cli.listing import print_table
    from buildtools.reports.style import duration, shows_unicode
    from buildtools.reports.trends import rows, sparkline

    unicode = shows_unicode(sys.stdout)
    lines = []
    for row in rows(past):
        seconds = (duration(row.median) if row.median is not None else "-", duration(row.last or 0.0))
        curve = sparkline(row.seconds[-12:]) if unicode else ""
        told = [f"{metric} {_moved(values)}" for metric, values in row.metrics.items()]
        told += [f"{row.flaky} flaky"] if row.flaky else []
        took = (*seconds, curve) if row.median is not None else ("-", "-", "")
        lines.append((row.step, str(row.runs), f"{row.passed / row.runs:.0%}", *took, ", ".join(told) or "-"))
    headers = ("STEP", "RUNS", "PASSED", "MEDIAN", "LAST", "", "METRICS")
    print_table(headers, lines, title=f"{name}: trends", color=color)
    if flaky:
        click.echo()
        tests = [(test.step, str(test.times), test.name) for test in flaky[:20]]
        print_table(("STEP", "TIMES", "FLAKY TEST"), tests, color=color)


def _moved(values: Sequence[float]) -> str:
    """Return the first and the last of a metric's values, or the one that they all are."""
    first, last = values[0], values[-1]
    return f"{last:g}" if first == last else f"{first:g} -> {last:g}"
