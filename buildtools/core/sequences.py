"""What programs write to terminals beside text: sequences that nobody sees, only what they do."""

from __future__ import annotations

import re

# ECMA-48: CSI sequences; OSC, DCS and other strings up to BEL or ST; other escapes; a lone ESC. A string never runs
# over another ESC, so the search stays linear whatever the text is; one without an end loses its introducer only.
SEQUENCE = re.compile(
    "\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"
    "|[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)"
    "|[ -/]*[0-~]"
    ")?"
)


def strip(text: str) -> str:
    """Return `text` without escape sequences; other control characters stay."""
    return SEQUENCE.sub("", text) if "\x1b" in text else text
