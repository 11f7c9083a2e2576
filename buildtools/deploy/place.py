"""Where a release stands and what it is called there: what hooks and health checks may ask for."""

from __future__ import annotations

import re

import msgspec

NAMES = ("host", "version", "revision", "release")
"""what may stand in braces in a health check"""

_BRACES = re.compile(r"\{(" + "|".join(NAMES) + r")\}")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One release on one host.

    `host` is the machine's name without user and port (`localhost` for this one), `root` the folder ROOT/TARGET there,
    `release` the release's folder (`1.0.1.0264103894~2`), `previous` the one that `current` pointed to before, empty
    if there was none.
    """

    host: str
    root: str
    target: str
    version: str
    revision: str
    release: str
    previous: str = ""

    def environment(self) -> dict[str, str]:
        """Return the variables that a hook finds: `BUILDTOOLS_TARGET`, `_VERSION` and so on."""
        return {f"BUILDTOOLS_{field.upper()}": getattr(self, field) for field in self.__struct_fields__}

    def fill(self, text: str) -> str:
        """Put the values in for `{host}`, `{version}`, `{revision}` and `{release}`; other braces stay as they are."""
        return _BRACES.sub(lambda match: str(getattr(self, match[1])), text)

    def knows(self, text: str) -> bool:
        """Whether all values in a text are known: of a release that another tool has left, only the name is."""
        return all(getattr(self, match[1]) for match in _BRACES.finditer(text))

    def pattern(self, text: str) -> re.Pattern[str]:
        """Return what finds the filled text in a longer one.

        A value at its beginning or end must not go on there: the version 1.0.1 does not stand in `1.0.10`, `11.0.1`,
        `1.0.1.2` or `1.0.1-rc1`.
        """
        found = list(_BRACES.finditer(text))
        before = r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_][.+~-])" if found and found[0].start() == 0 else ""
        after = r"(?![A-Za-z0-9_]|[.+~-][A-Za-z0-9_])" if found and found[-1].end() == len(text) else ""
        return re.compile(before + re.escape(self.fill(text)) + after)
