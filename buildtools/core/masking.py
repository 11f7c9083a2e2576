"""Hiding secrets in text, bytes, streams cut anywhere, and whole result values.

Everything that any occurrence of any secret covers is hidden, also where occurrences overlap; one run of overlapping
occurrences becomes one `***`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, AnyStr, TypeVar, cast
from urllib.parse import quote, quote_plus

import msgspec

from buildtools.core.sequences import strip
from buildtools.core.unseen import bare, between, open_end, seen

MASK = "***"

_T = TypeVar("_T")
_Span = tuple[int, int]
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SHORTEST_PART = 8
"""Parts of a secret (a line of it, the middle of its base64) that are shorter would hide harmless text as well."""


class Masker:
    """Hides every secret it was made with, and their base64 and URL-encoded forms. Without secrets it costs nothing."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if secret.strip() for form in _forms(secret)}
        self._text = sorted(forms)
        self._raw = [form.encode("utf-8", "surrogateescape") for form in self._text]

    def __bool__(self) -> bool:
        return bool(self._text)

    def text(self, text: str) -> str:
        """Return `text` with every secret replaced by `***`.

        If one shows itself where sequences and control characters are taken out, as reports do, they are gone.
        """
        if not self._text:
            return text
        masked = _masked(text, self._text, MASK)
        if not _UNSEEN.search(masked):
            return masked
        bare = _UNSEEN.sub("", strip(masked))
        return _masked(bare, self._text, MASK) if any(form in bare for form in self._text) else masked

    def finds(self, data: bytes) -> bool:
        """Whether a secret, in one of its forms, stands in `data`."""
        return any(form in data for form in self._raw)

    def value(self, value: _T) -> _T:
        """Return a struct, list, tuple or dict with every string in it masked; other things as they are."""
        return cast(_T, self._walk(value)) if self._text else value

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
            mapping = {self._walk(key): self._walk(item) for key, item in value.items()}
            return value if mapping == value else mapping
        return value

    def stream(self) -> MaskedStream:
        """Return a filter for one stream of bytes that is cut at arbitrary places."""
        return MaskedStream(self._raw)


class MaskedStream:
    """Masks a stream of bytes piece by piece: keeps back what may still become a secret, or a sequence within one.

    A secret is hidden also where sequences and control characters tear it apart, with those between its parts.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets
        self._shown = [secret for secret in secrets if seen(secret).text == secret]
        self._held = b""
        self._covered = 0
        """how much of the held part belongs to an occurrence whose `***` has been shown"""

    def feed(self, data: bytes) -> bytes:
        """Take a piece and return what can be shown by now."""
        if not self._secrets:
            return data
        data = self._held + data
        end = open_end(data)
        torn, undecided = self._torn(data[:end])
        keep = min(end, undecided, _undecided(data, self._secrets))
        return self._show(data, _found(data, self._secrets) + torn, between(data, keep) if keep < end else end)

    def finish(self) -> bytes:
        """Return the rest at the end of the stream."""
        data = self._held
        return self._show(data, _found(data, self._secrets) + self._torn(data)[0], len(data))

    def _torn(self, data: bytes) -> tuple[list[_Span], int]:
        """Return where secrets stand that are torn, and from where on one may only have begun."""
        text = bare(data)
        first = _undecided(text, self._shown)
        if len(text) == len(data):
            return [], first
        if first == len(text) and not any(secret in text for secret in self._shown):
            return [], len(data)
        text, *_ = view = seen(data)
        found = [(view.place(start), view.place(end - 1) + 1) for start, end in _found(text, self._shown)]
        first = _undecided(text, self._shown)
        return found, view.place(first) if first < len(text) else len(data)

    def _show(self, data: bytes, found: list[_Span], keep: int) -> bytes:
        """Return what stands before `keep`, masked, and hold the rest."""
        parts: list[bytes] = []
        shown_to = 0
        for start, end in _joined([(0, self._covered), *found] if self._covered else found):
            if start >= keep:
                break
            parts.append(data[shown_to:start])
            if start > 0 or not self._covered:
                parts.append(MASK.encode())
            shown_to = end
        parts.append(data[shown_to:keep])
        self._covered = max(0, max(shown_to, self._covered) - keep)
        self._held = data[keep:]
        return b"".join(parts)


def _forms(secret: str) -> Iterator[str]:
    """Yield all the shapes in which a secret is hidden."""
    yield secret
    yield secret.strip()
    yield from {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_PART)
    raw = secret.encode("utf-8", "surrogateescape")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(raw).decode("ascii")
        yield from (text, text.rstrip("="))
        # Encoded together with something else, as in `Authorization: Basic`: the characters that no neighbour touches.
        for shift, first in ((0, 0), (1, 2), (2, 3)):
            part = encode(bytes(shift) + raw).decode("ascii")[first : (shift + len(raw)) * 8 // 6]
            if len(part) >= _SHORTEST_PART:
                yield part


def _found(data: AnyStr, secrets: Sequence[AnyStr]) -> list[_Span]:
    """Return where secrets stand, in no order, also where they overlap."""
    found: list[_Span] = []
    for secret in secrets:
        at = data.find(secret)
        while at >= 0:
            found.append((at, at + len(secret)))
            at = data.find(secret, at + 1)
    return found


def _joined(found: list[_Span]) -> list[_Span]:
    """Return what is to be hidden, overlaps joined, in order."""
    spans: list[_Span] = []
    for start, end in sorted(found):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _masked(data: AnyStr, secrets: Sequence[AnyStr], mask: AnyStr) -> AnyStr:
    parts: list[AnyStr] = []
    at = 0
    for start, end in _joined(_found(data, secrets)):
        parts.append(data[at:start])
        parts.append(mask)
        at = end
    if not parts:
        return data
    parts.append(data[at:])
    return data[:0].join(parts)


def _undecided(data: bytes, secrets: Sequence[bytes]) -> int:
    """Return the first index from which the rest of `data` is a true beginning of some secret."""
    first = len(data)
    for secret in secrets:
        at = data.find(secret[:1], max(0, len(data) - len(secret) + 1), first)
        while at >= 0:
            if secret.startswith(data[at:]):
                first = at
                break
            at = data.find(secret[:1], at + 1, first)
    return first
