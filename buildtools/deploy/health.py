"""Whether a release answers on its host: one question by HTTP, asked until the answer is right or the time is up."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from buildtools.core.step import Duration
from buildtools.deploy.place import NAMES, Place

if TYPE_CHECKING:
    from buildtools.deploy.answer import Answer, Dial, Question

_ANY = Place(host="host", root="/", target="t", version="1", revision="r", release="1.r")
_KNOWN = ", ".join(f"{{{name}}}" for name in NAMES)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_WORD = re.compile(r"\{([A-Za-z]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What is asked, and which answer is right. `{host}`, `{version}`, `{revision}` and `{release}` may stand in it.

    Redirections are not followed: they are the answer. Raises `ValueError` for a question that cannot be asked.
    """

    url: Annotated[str, msgspec.Meta(description="What is asked for, by GET: `http://…` or `https://…`")]
    status: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=100, le=599)], ...],
        msgspec.Meta(description="The status it must have: one, or one of several", min_length=1),
    ] = (200,)
    expect: Annotated[str, msgspec.Meta(description="A text that must stand in the answer's first MB")] = ""
    header: Annotated[
        dict[str, str], msgspec.Meta(description="Headers that the answer must have, with their values")
    ] = {}
    send: Annotated[
        dict[str, str], msgspec.Meta(description="Headers of the request, such as `Authorization` from a secret")
    ] = {}
    connect: Annotated[
        str,
        msgspec.Meta(description="Where to connect instead: `HOST` or `HOST:PORT`; all else stays as in `url`"),
    ] = ""
    retries: Annotated[int, msgspec.Meta(description="How often it is asked again", ge=0, le=1000)] = 5
    interval: Annotated[Duration, msgspec.Meta(description="Between an answer and asking again")] = 1.0
    timeout: Annotated[Duration, msgspec.Meta(description="For one answer, all of it")] = 10.0
    deadline: Annotated[Duration, msgspec.Meta(description="For all of them together")] = 60.0
    via: Annotated[
        Literal["here", "host"],
        msgspec.Meta(description="Asked by this machine, or through the SSH connection, as if by the host itself"),
    ] = "here"
    once: Annotated[bool, msgspec.Meta(description="Asked once for each batch of hosts, not for each host")] = False

    shorthand: ClassVar[str] = "url"

    def __post_init__(self) -> None:
        if problem := _problem(self):
            raise ValueError(problem)


def failing(check: Check, place: Place, *, dial: Dial, cancelled: Callable[[], None]) -> str:
    """Ask until the answer is right; return what is wrong with the last one, in one line, empty if nothing is.

    `dial` connects from the host, for `via: host`. `cancelled` is called several times a second, and may raise. What
    takes a version that is not known is not looked for: then the status alone counts.
    """
    from buildtools.deploy.answer import NoAnswer, ask

    question = _question(check, place)
    started = time.monotonic()
    ends = started + check.deadline
    tries = 0
    while True:
        tries += 1
        seconds = min(check.timeout, max(ends - time.monotonic(), 0.1))
        try:
            answer = ask(question, dial if check.via == "host" else _dialled, seconds, cancelled)
            why = _wrong(check, place, answer)
        except NoAnswer as error:
            why = str(error)
        if not why:
            return ""
        if tries > check.retries or time.monotonic() + check.interval >= ends:
            break
        _pause(check.interval, cancelled)
    asked = f" (asked {tries} times in {time.monotonic() - started:.0f} s)" if tries > 1 else ""
    return f"{question.shown}: {why}{asked}"


def _question(check: Check, place: Place) -> Question:
    from buildtools.deploy.answer import Question

    bracketed = msgspec.structs.replace(place, host=f"[{place.host}]" if ":" in place.host else place.host)
    url = bracketed.fill(check.url)
    port = urlsplit(url).port or (443 if url.startswith("https") else 80)
    return Question(
        url=url,
        connect=target(bracketed.fill(check.connect), port) if check.connect else ("", 0),
        send={name: place.fill(value) for name, value in check.send.items()},
    )


def _wrong(check: Check, place: Place, answer: Answer) -> str:
    """Return what an answer lacks, and what it is instead; empty if it is right."""
    if answer.status not in check.status:
        wanted = " or ".join(map(str, check.status))
        where = "".join(f" (to {_line(text)})" for text in answer.all("location")[:1])
        return f"answered {answer.status} {_line(answer.reason)}{where} instead of {wanted}{_begins(answer)}"
    for name, value in check.header.items():
        wanted, found = place.fill(value), answer.all(name)
        if wanted not in found and place.knows(value):
            instead = f"is {_line(found[0])!r}" if found else "is missing"
            return f"the header {name} {instead}, instead of {wanted!r}"
    if check.expect and place.knows(check.expect) and not place.pattern(check.expect).search(answer.text):
        return f"{place.fill(check.expect)!r} does not stand in the answer{_begins(answer)}"
    return ""


def _begins(answer: Answer) -> str:
    return f", which begins with {_line(answer.text)!r}" if answer.text.strip() else ", which is empty"


def _line(text: str) -> str:
    """Return the beginning of a text from outside as one harmless line."""
    words = " ".join(text[:2000].split())
    return "".join(char if char.isprintable() else "?" for char in words)[:160]


def _dialled(host: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((host, port), seconds)


def _pause(seconds: float, cancelled: Callable[[], None]) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        cancelled()
        time.sleep(min(left, 0.1))


def _problem(check: Check) -> str:
    """Return what keeps a check from being asked; empty if nothing does."""
    if problem := url_problem(_ANY.fill(check.url)):
        return f"url {check.url[:200]!r} {problem}"
    if check.connect and not target(_ANY.fill(check.connect), 80)[0]:
        return f"connect {check.connect[:200]!r} is neither HOST nor HOST:PORT"
    for option, text in (("expect", check.expect), *(("header", value) for value in check.header.values())):
        # A name that is written wrong would never be found. JSON has no bare word between braces.
        if unknown := next((word for word in _WORD.findall(text) if word not in NAMES), ""):
            return f"{option} has {{{unknown}}} in it; known are {_KNOWN}"
    for option, headers in (("header", check.header), ("send", check.send)):
        for name, value in headers.items():
            if not _TOKEN.fullmatch(name) or _CONTROL.search(value) or not value.isascii():
                return f"{option} {name[:60]!r} is no header, or has a value that none can have"
    if check.timeout <= 0 or check.deadline <= 0:
        return f"{'timeout' if check.timeout <= 0 else 'deadline'} must be above 0"
    return ""


def url_problem(url: str) -> str:
    """Return what keeps a url, its braces filled in, from being asked for; empty if nothing does."""
    if _CONTROL.search(url) or " " in url:
        return "has a blank in it; write %20"
    if braces := re.search(r"\{[^}]*\}?", url):
        return f"has {braces[0]} in it; known are {_KNOWN}"
    try:
        parts = urlsplit(url)
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        return f"is no url: {error}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must begin with http://HOST or https://HOST"
    return ""


def target(text: str, port: int) -> tuple[str, int]:
    """Read `HOST` or `HOST:PORT`, an IPv6 address in brackets; the host is empty if it is neither."""
    try:
        parts: SplitResult = urlsplit(f"//{text}")
        if parts.path or parts.query or parts.fragment or parts.username is not None or not parts.hostname:
            return "", 0
        return parts.hostname, parts.port or port
    except ValueError:
        return "", 0
