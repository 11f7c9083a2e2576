"""Shapes for statuses and severities. Each stands beside its word: neither shape nor colour says anything alone."""

from __future__ import annotations

from buildtools.core.model import Severity, Status
from buildtools.reports.html.markup import Html, element

_CUT = 'class="cut" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
_OPEN = 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"'
_OCTAGON = '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill="currentColor"/>'
_TRIANGLE = (
    '<path d="M8 1.9 14.8 14H1.2z" fill="currentColor" stroke="currentColor" stroke-width="1.4"'
    ' stroke-linejoin="round"/>'
)
_SHAPES = {
    "passed": f'<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="m4.9 8.3 2.2 2.2 4.1-4.6" {_CUT}/>',
    "failed": f'{_OCTAGON}<path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" {_CUT}/>',
    "error": f'{_TRIANGLE}<path d="M8 6v3.6m0 2.1v.1" {_CUT}/>',
    "skipped": f'<circle cx="8" cy="8" r="6.2" {_OPEN}/><path d="M5.4 8h5.2" {_OPEN}/>',
    "cancelled": f'<rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2" {_OPEN}/>'
    '<rect x="5" y="5" width="6" height="6" fill="currentColor"/>',
    "warning": f'<path d="M8 2.4 14.2 13.6H1.8z" {_OPEN} stroke-linejoin="round"/>'
    f'<path d="M8 6.6v3m0 1.9v.1" {_OPEN}/>',
    "info": f'<circle cx="8" cy="8" r="6.2" {_OPEN}/><path d="M8 7.6v3.4m0-6v.1" {_OPEN}/>',
}
# As they are where the page's own style is blocked; with it, the style's colours win.
COLOURS = {
    "passed": "#176b41",
    "failed": "#b42821",
    "error": "#7a3aa3",
    "skipped": "#59636e",
    "cancelled": "#855300",
    "warning": "#855300",
    "info": "#59636e",
}
_SEVERITIES = {Severity.ERROR: "failed", Severity.WARNING: "warning", Severity.INFO: "info"}


def sprite() -> Html:
    """Return the shapes, drawn once; `shape` refers to them."""
    symbols = "".join(f'<symbol id="i-{name}" viewBox="0 0 16 16">{drawn}</symbol>' for name, drawn in _SHAPES.items())
    return Html(f'<svg width="0" height="0" aria-hidden="true" class="sprite"><defs>{symbols}</defs></svg>')


def shape(name: str, size: int = 16) -> Html:
    """Return a shape by its name: a status, `warning` or `info`."""
    return element(
        "svg",
        element("use", href=f"#i-{name}"),
        class_=f"shape is-{name}",
        width=size,
        height=size,
        color=COLOURS[name],
        aria_hidden="true",
    )


def status_mark(status: Status, size: int = 16) -> Html:
    """Return a status as shape and word."""
    return element("span", shape(status.value, size), f"\u00a0{status.value}", class_=f"status is-{status.value}")


def severity_mark(severity: Severity) -> Html:
    """Return a severity as shape and word."""
    name = _SEVERITIES[severity]
    return element("span", shape(name, 14), f"\u00a0{severity.value}", class_=f"status is-{name}")
