"""Coverage: what is to be measured and reported, and what came out of it."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated, Any

import msgspec

from buildtools.plugin import Artifact, Metric, StepContext, StepError

_PLACE = "`true`, or a path"


def _doc(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Coverage(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What coverage.py measures. What is not set here is as the project's own coverage configuration has it."""

    source: Annotated[
        tuple[str, ...], _doc("Folders and packages to measure; files that are never imported count as not covered")
    ] = ()
    omit: Annotated[tuple[str, ...], _doc("Patterns of files to leave out")] = ()
    branch: Annotated[bool | None, _doc("Measure branches as well as lines")] = None
    fail_under: Annotated[Annotated[float, msgspec.Meta(ge=0, le=100)] | None, _doc("Fail below this percentage")] = (
        None
    )
    diff_fail_under: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=100)] | None,
        _doc("Fail if less than this percentage of the changed lines was executed"),
    ] = None
    diff_since: Annotated[
        str, _doc("The branch or commit since which lines count as changed; `auto`: the default branch")
    ] = "auto"
    may_fall: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=100)] | None,
        _doc("Fail if coverage is lower than in the last passed run, by more than so many points; 0: at all"),
    ] = None
    rcfile: Annotated[str, _doc("coverage's configuration file; default: the one that coverage finds")] = ""
    xml: Annotated[str, _doc(f"Cobertura XML: {_PLACE}; `false` for none. Default: coverage.xml among the reports")] = (
        "true"
    )
    html: Annotated[str, _doc(f"A folder of HTML pages: {_PLACE}")] = "false"
    lcov: Annotated[str, _doc(f"LCOV: {_PLACE}")] = "false"
    json: Annotated[str, _doc(f"coverage's own JSON: {_PLACE}")] = "false"
    data_file: Annotated[str, _doc("Keep the combined data here, as other tools read it")] = ""


FORMS = {"xml": "coverage.xml", "html": "coverage-html", "lcov": "coverage.lcov", "json": "coverage.json"}
"""The reports, and what they are called among the reports of the run."""

_OFF = frozenset({"", "false", "no", "off"})
_ON = frozenset({"true", "yes", "on"})


class Summary(msgspec.Struct, frozen=True):
    """The numbers, as the runner wrote them; `problem` says why there are none."""

    problem: str = ""
    total: float = 0.0
    precision: int = 0
    fail_under: float = 0.0
    missed: bool = False
    lines: int = 0
    covered_lines: int = 0
    branches: int = 0
    covered_branches: int = 0


def destinations(coverage: Coverage, ctx: StepContext) -> dict[str, Path]:
    """Return where each wanted report goes. Several steps with tests do not overwrite each other's."""
    name = ctx.step.rstrip("]")
    suffix = "" if ctx.alone else "-" + "".join(c if c.isalnum() or c in "._-" else "-" for c in name)
    out = {}
    for form, name in FORMS.items():
        value: str = getattr(coverage, form)
        if value.lower() in _ON:
            stem, dot, ending = name.partition(".")
            out[form] = ctx.reports / f"{stem}{suffix}{dot}{ending}"
        elif value.lower() not in _OFF:
            out[form] = ctx.workdir / value
    return out


def written(coverage: Coverage, ctx: StepContext) -> tuple[Path, ...]:
    """Return all files and folders that measuring writes."""
    data = (ctx.workdir / coverage.data_file,) if coverage.data_file else ()
    return (*destinations(coverage, ctx).values(), *data)


def settings(coverage: Coverage, folder: Path, wanted: dict[str, Path]) -> dict[str, Any]:
    """Return what `runners/_buildtools_coverage.py` reads; data and single-file reports are made in `folder`."""
    data = folder / "data"
    data.mkdir()
    fallback = folder / "coveragerc"
    fallback.write_text("[run]\n", encoding="utf-8")
    return {
        "rcfile": coverage.rcfile,
        "fallback": str(fallback),
        "data": str(data / "coverage"),
        "source": coverage.source,
        "omit": coverage.omit,
        "branch": coverage.branch,
        "fail_under": coverage.fail_under,
        "summary": str(folder / "summary.json"),
        "xml": str(folder / "coverage.xml") if "xml" in wanted else "",
        "lcov": str(folder / "coverage.lcov") if "lcov" in wanted else "",
        "json": str(folder / "coverage.json"),
        "html": str(wanted.get("html", "")),
    }


def publish(folder: Path, wanted: dict[str, Path], coverage: Coverage, ctx: StepContext) -> tuple[Artifact, ...]:
    """Put the finished reports where they are wanted, each at once; return them as artifacts."""
    sources = {form: folder / FORMS[form] for form in wanted if form != "html"}
    targets = dict(wanted)
    if coverage.data_file:
        sources["data"], targets["data"] = folder / "data" / "coverage", ctx.workdir / coverage.data_file
    out = []
    for form, target in targets.items():
        if form in sources:
            _place(sources[form], target)
        size = target.stat().st_size if target.is_file() else 0
        out.append(Artifact(name=target.name, path=_relative(target, ctx.root), size=size))
    return tuple(out)


def _place(source: Path, target: Path) -> None:
    from buildtools.system.replace import replace_file

    try:
        replace_file(target, source.read_bytes())
    except OSError as error:
        raise StepError(f"{target}: the coverage report cannot be written: {error.strerror}") from None


def _relative(path: Path, root: Path) -> str:
    path = Path(os.path.normpath(path))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def shown(summary: Summary) -> float:
    """Return the total as a percentage that agrees with the verdict wherever the bar stands.

    Two decimals, rounded down, so that 99.999 is not 100. Where coverage judges the number that it rounds to the
    project's precision, and this makes the difference, it is that number.
    """
    value = math.floor(summary.total * 100 + 1e-6) / 100
    if summary.fail_under and (value < summary.fail_under) != summary.missed:
        return round(summary.total, max(summary.precision, 0))
    return value


def metrics(summary: Summary) -> tuple[Metric, ...]:
    """Return the percentages, and the absolute numbers that some CI systems ask for."""
    out = [Metric(name="coverage", value=shown(summary), unit="%", threshold=summary.fail_under or None)]
    out.append(Metric(name="line coverage", value=_percent(summary.covered_lines, summary.lines), unit="%"))
    if summary.branches:
        out.append(Metric(name="branch coverage", value=_percent(summary.covered_branches, summary.branches), unit="%"))
    out.append(Metric(name="lines covered", value=float(summary.covered_lines)))
    out.append(Metric(name="lines", value=float(summary.lines)))
    return tuple(out)


def _percent(part: int, whole: int) -> float:
    return math.floor(part / whole * 10000 + 1e-6) / 100 if whole else 100.0
