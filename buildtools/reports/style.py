"""How the consoles look: words, symbols, colours, durations. Colour and symbols only repeat what the words say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TextIO

import msgspec

from buildtools.core.model import Cause, Status
from buildtools.core.results import StepRun
from buildtools.core.wording import count

QUIET, NORMAL, VERBOSE = -1, 0, 1


def _run_alone(step: str) -> str:
    return f"buildtools run {step}"


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """How a console shows things. The command line decides; a console asks neither the environment nor the stream.

    `rerun` returns the command that runs one step alone; `junit` is the JUnit file as people should read it.
    """

    color: bool = False
    unicode: bool = False
    verbosity: int = NORMAL
    rerun: Callable[[str], str] = _run_alone
    junit: str = ""

    @property
    def quiet(self) -> bool:
        """Only failures and the summary line are wanted."""
        return self.verbosity < NORMAL

    @property
    def verbose(self) -> bool:
        """Everything is wanted."""
        return self.verbosity > NORMAL

    def paint(self, text: str, colour: str) -> str:
        """Return `text` in a colour: `green`, `red`, `yellow`, `magenta`, `cyan`, `dim` or `bold`."""
        return f"\x1b[{_SGR[colour]}m{text}\x1b[0m" if self.color and text else text

    def symbol(self, status: Status) -> str:
        """Return one character for a status."""
        return _SYMBOLS[status][0 if self.unicode else 1]

    @property
    def dash(self) -> str:
        """What stands for things left out."""
        return "…" if self.unicode else "..."


_SGR = {"green": "32", "red": "31", "yellow": "33", "magenta": "35", "cyan": "36", "dim": "2", "bold": "1"}
# Only characters that are one column wide everywhere and have no emoji form.
_SYMBOLS = {
    Status.PASSED: ("✓", "+"),
    Status.FAILED: ("✗", "x"),
    Status.ERROR: ("!", "!"),
    Status.SKIPPED: ("○", "-"),
    Status.CANCELLED: ("■", "#"),
}
COLOURS = {
    Status.PASSED: "green",
    Status.FAILED: "red",
    Status.ERROR: "magenta",
    Status.SKIPPED: "dim",
    Status.CANCELLED: "yellow",
}


def bad(run: StepRun) -> bool:
    """Whether a step ended in a way that people must see again at the end."""
    status = run.result.status
    return status in (Status.FAILED, Status.ERROR) or (status is Status.CANCELLED and run.started is not None)


def flags(run: StepRun) -> Iterator[str]:
    """Yield what is to be known of a step at a glance, besides its status."""
    if run.flaky:
        yield f"flaky: passed at attempt {len(run.earlier) + 1}"
    elif run.earlier:
        yield f"{len(run.earlier) + 1} attempts"
    yield from origin(run)
    if run.allowed and run.result.status in (Status.FAILED, Status.ERROR):
        yield "allowed to fail"
    if run.result.cause is Cause.TIMEOUT:
        yield "timed out"


def origin(run: StepRun) -> Iterator[str]:
    """Yield what of a step's result came from the cache: all of it, or the findings of some files."""
    if run.cached:
        yield "cached"
    elif run.files_from_cache:
        yield f"{count(run.files_from_cache, 'file')} from the cache"


def duration(seconds: float) -> str:
    """Return `0.04 s`, `12.3 s`, `2 min 05 s` or `1 h 02 min`."""
    if not 0 <= seconds < 1e9:
        return "? s"
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def shows_unicode(stream: TextIO) -> bool:
    """Whether a stream's encoding has all symbols that are used here."""
    try:
        "✓✗○■…━╸⠋".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def encodable(text: str, stream: TextIO) -> str:
    """Return `text` with escapes in place of what the stream's encoding cannot hold."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        text.encode(encoding, getattr(stream, "errors", None) or "strict")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding, "replace")
    return text


def write(stream: TextIO, text: str) -> None:
    """Write and flush; what the stream's encoding cannot hold is written as an escape, never an error."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.write(encodable(text, stream))
    stream.flush()
