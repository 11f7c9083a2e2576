"""What `run` and `step` share: the flags of an execution, and the way from a plan to an exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from buildtools.cli.options import Flag
from buildtools.cli.showing import OUTPUTS, output_choice
from buildtools.reports.kinds import RENDERERS

if TYPE_CHECKING:
    from buildtools.engine.plan import Plan
    from buildtools.session import RunRequest

F = TypeVar("F", bound=Callable[..., Any])


class DurationType(click.ParamType[float]):
    """`90`, `90s`, `5m`, `1h30m`, as in a pipeline file; seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from buildtools.pipeline.options import parse_duration

        if isinstance(value, float):
            return value
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return seconds or self.fail("expected more than 0 seconds", param, ctx)


def _parse_jobs(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Return the number of jobs; `auto` is the number of processors this process may use."""
    import os

    if value == "auto":
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:  # not on macOS
            return os.cpu_count() or 1
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a number above 0 nor 'auto'")


def _parse_reports(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    from buildtools.core.wording import did_you_mean

    reports: list[tuple[str, str]] = []
    for value in values:
        kind, separator, path = value.partition("=")
        if not separator or not path:
            raise click.BadParameter(f"{value!r} is not of the form KIND=PATH")
        if kind not in RENDERERS:
            known = ", ".join(RENDERERS)
            raise click.BadParameter(f"{kind!r} is not one of {known}.{did_you_mean(kind, RENDERERS)}")
        if any(path == other for _, other in reports):
            raise click.BadParameter(f"two reports cannot be written to one file: {path}")
        reports.append((kind, path))
    return tuple(reports)


def report_option(*, required: bool = False) -> Callable[[F], F]:
    """Return the option that asks for reports by kind and path; its parameter is `wanted`."""
    return click.option(
        "--report",
        "wanted",
        cls=Flag,
        multiple=True,
        required=required,
        metavar="KIND=PATH",
        callback=_parse_reports,
        help=f"Write a further report; KIND is one of {', '.join(RENDERERS)}.",
    )


_EXECUTION = (
    click.option(
        "-j",
        "--jobs",
        default="auto",
        show_default=True,
        metavar="N|auto",
        callback=_parse_jobs,
        help="How many steps may run side by side.",
    ),
    click.option("-k", "--keep-going", is_flag=True, help="After a failure go on with what does not need it."),
    click.option("--timeout", type=DurationType(), metavar="TIME", help="End the whole run after TIME (90s, 5m)."),
    click.option("--offline", is_flag=True, help="Fetch nothing from a network."),
    click.option("--no-cache", is_flag=True, help="Take nothing from the cache, and keep nothing in it."),
    click.option("--refresh", is_flag=True, help="Take nothing from the cache, but keep what is found out."),
    click.option(
        "--update-baseline",
        "updating",
        is_flag=True,
        help="Write the steps' baselines that are missing, and take out of the others what was mended.",
    ),
    click.option(
        "--output",
        type=click.Choice(OUTPUTS),
        default="auto",
        show_default=True,
        help="What to show while it runs; auto is what TeamCity, GitHub or GitLab reads, else live or plain.",
    ),
    click.option("--junit", metavar="PATH", help="Write the JUnit XML there too."),
    report_option(),
    click.option(
        "--reports",
        metavar="DIR",
        help="The folder for junit.xml, run.json, report.html and the steps' reports."
        "  [default: build/reports in the project]",
    ),
    click.option(
        "--history",
        metavar="PATH",
        help="The file that remembers runs, to be shared by several.  [default: .buildtools/history.sqlite]",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Only failures and the summary."),
    click.option("-v", "--verbose", is_flag=True, help="Every finding, and why steps were skipped."),
)


def execution_options(command: F) -> F:
    """Add the flags that say how to execute, what to show and which reports to write."""
    for option in reversed(_EXECUTION):
        command = option(command)
    return command


def make_request(root: Path, flags: dict[str, Any]) -> RunRequest:
    """Turn the flags of `execution_options` into a request; `root` is the project's.

    Paths that were given start at the current folder, as everywhere on a command line.
    """
    from buildtools.session import RunRequest

    here = Path.cwd()
    wanted = list(flags["wanted"])
    if flags["junit"]:
        wanted.append(("junit", flags["junit"]))
    return RunRequest(
        jobs=flags["jobs"],
        keep_going=flags["keep_going"],
        timeout=flags["timeout"],
        offline=flags["offline"],
        updating=flags["updating"],
        cache="off" if flags["no_cache"] else "refresh" if flags["refresh"] else "on",
        reports=here / flags["reports"] if flags["reports"] else root / "build/reports",
        history=here / flags["history"] if flags["history"] else None,
        wanted=tuple((kind, here / path) for kind, path in wanted),
    )


def run_and_exit(plan: Plan, request: RunRequest, flags: dict[str, Any], *, rerun: Callable[[str], str]) -> int:
    """Execute `plan`, show it as the flags ask, and return the exit code."""
    import gc

    from buildtools.session import run

    gc.freeze()
    gc.enable()  # see `buildtools.__main__`

    choice = output_choice(flags, rerun=rerun)
    return int(run(plan, request, choice).exit_code)


def print_previews(plan: Plan) -> int:
    """Print what the steps would do that can tell, and return the exit code: that of a step that could not be run."""
    from buildtools.core.errors import worst
    from buildtools.preview import previews

    codes = []
    for step, result in previews(plan):
        click.echo()
        said = result.outputs.get("lines") or f"{result.reason}\n{result.remedy}".strip()
        click.echo(f"{step}: {said}")
        codes.append(result.exit_code)
    return int(worst(*codes))
