"""`buildtools report convert`: other tools' reports in other forms."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import Flag, project_options
from buildtools.cli.running import report_option


def _forms() -> tuple[str, ...]:
    from buildtools.steps.imported.forms import FORMS

    return ("auto", *FORMS)


class _FormType(click.ParamType[str]):
    """One of the forms that can be read; which those are is looked up when somebody asks."""

    name = "form"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return click.Choice(_forms()).convert(value, param, ctx)


@click.command("convert")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--from",
    "form",
    cls=Flag,
    type=_FormType(),
    default="auto",
    show_default=True,
    metavar="KIND",
    help="What the files are: junit, sarif, checkstyle, parseable, codequality, json, pylint-json, cobertura, lcov or "
    "go-test; auto: each file's content tells.",
)
@project_options
@report_option(required=True)
def command(files: tuple[str, ...], form: str, file_option: Path | None, wanted: tuple[tuple[str, str], ...]) -> None:
    """Read the reports of other tools and write them in other forms.

    Each file becomes a step, by its name; several become one run.
    """
    from buildtools.retrospect import foreign_run, rewrite

    rewrite(foreign_run(files, form, file_option), wanted, file_option, None)
