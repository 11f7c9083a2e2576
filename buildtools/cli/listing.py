"""Tables on the terminal, through rich; plain columns of full width when nobody looks at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from buildtools.cli.options import wants_color

if TYPE_CHECKING:
    from rich.console import Console

    from buildtools.core.events import PlannedStep


def console(color: str) -> Console:
    """Return a rich console for stdout that follows `--color`; on a pipe it neither wraps nor decorates."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    colored = wants_color(color, terminal=terminal)
    return Console(
        force_terminal=colored,
        no_color=not colored,
        highlight=False,
        emoji=False,
        width=None if terminal else 10_000,
        soft_wrap=not terminal,
    )


_LEAST = 24
"""the width below which sentences in the last column are hard to read; the others wrap before that"""


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", color: str = "auto") -> None:
    """Print rows under headers; the last column takes what room there is."""
    from rich.table import Table
    from rich.text import Text

    out = console(color)
    if title:
        out.print(Text(title, style="bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    wide = any(len(row[-1]) > _LEAST for row in rows)
    for position, header in enumerate(headers):
        last = position == len(headers) - 1
        table.add_column(header, no_wrap=not position, overflow="fold", min_width=_LEAST if last and wide else None)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as printed:
        out.print(table)
    out.out("\n".join(line.rstrip() for line in printed.get().splitlines()))


def print_steps(steps: Sequence[PlannedStep], *, title: str, color: str) -> None:
    """Print a plan: a line for each step, in order."""
    rows = []
    for step in steps:
        note = f"skipped: {step.skip}" if step.skip else step.description
        rows.append((step.id, step.plugin, step.kind.value, ", ".join(step.needs) or "-", note))
    print_table(("STEP", "USES", "KIND", "NEEDS", "NOTE"), rows, title=title, color=color)
