"""Hiding secrets in text, bytes, streams cut anywhere, and whole result values."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast
from urllib.parse import quote, quote_plus

import msgspec

MASK = "***"

_T = TypeVar("_T")


def _forms(secret: str) -> set[str]:
    """All the shapes in which a secret is hidden: itself, its lines, base64 at any offset's whole, URL-encoded."""
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    raw = secret.encode("utf-8", "surrogateescape")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(raw).decode("ascii")
        forms |= {text, text.rstrip("=")}
    forms |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= 8}
    return {form for form in forms if form.strip()}


class Masker:
    """Hides every secret it was made with, and their base64 and URL-encoded forms. Without secrets it costs nothing."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if secret.strip():
                forms |= _forms(secret)
        # Longest first, so that a secret which contains another one is hidden whole.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._raw = [form.encode("utf-8", "surrogateescape") for form in ordered]
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._bytes = re.compile(b"|".join(map(re.escape, self._raw))) if ordered else None

    def __bool__(self) -> bool:
        return self._text is not None

    def text(self, text: str) -> str:
        """Return `text` with every secret replaced by `***`."""
        return text if self._text is None else self._text.sub(MASK, text)

    def value(self, value: _T) -> _T:
        """Return a struct, list, tuple or dict with every string in it masked; other things as they are."""
        return value if self._text is None else cast(_T, self._walk(value))

    def _walk(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, msgspec.Struct):
            old = {name: getattr(value, name) for name in value.__struct_fields__}
            new = {name: self._walk(field) for name, field in old.items()}
            changed = {name: field for name, field in new.items() if field is not old[name]}
            return msgspec.structs.replace(value, **changed) if changed else value
        if isinstance(value, (tuple, list)):
            items = [self._walk(item) for item in value]
            same = all(a is b for a, b in zip(items, value, strict=True))
            return value if same else type(value)(items)
        if isinstance(value, dict):
            return {self._walk(key): self._walk(item) for key, item in value.items()}
        return value

    def stream(self) -> MaskedStream:
        """Return a filter for one stream of bytes that is cut at arbitrary places."""
        return MaskedStream(self._bytes, self._raw)


class MaskedStream:
    """Masks a stream of bytes piece by piece: keeps back exactly what may still become a secret."""

    def __init__(self, pattern: re.Pattern[bytes] | None, secrets: list[bytes]) -> None:
        self._pattern = pattern
        self._secrets = secrets
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take a piece and return what can be shown by now."""
        if self._pattern is None:
            return data
        data = self._held + data
        keep = self._undecided(data)
        # A match that begins before the kept part may reach into it: then all of the match is shown now.
        parts: list[bytes] = []
        at = 0
        for match in self._pattern.finditer(data):
            if match.start() >= keep:
                break
            parts += [data[at : match.start()], MASK.encode()]
            at = match.end()
        keep = max(keep, at)
        parts.append(data[at:keep])
        self._held = data[keep:]
        return b"".join(parts)

    def finish(self) -> bytes:
        """Return the rest at the end of the stream."""
        held, self._held = self._held, b""
        return held if self._pattern is None else self._pattern.sub(MASK.encode(), held)

    def _undecided(self, data: bytes) -> int:
        """Return the first index from which the rest of `data` is a true beginning of some secret."""
        longest = len(self._secrets[0]) if self._secrets else 0
        for at in range(max(0, len(data) - longest + 1), len(data)):
            rest = data[at:]
            if any(len(secret) > len(rest) and secret.startswith(rest) for secret in self._secrets):
                return at
        return len(data)
