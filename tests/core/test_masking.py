from __future__ import annotations

import base64
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildtools.core.masking import Masker
from buildtools.core.model import Status
from buildtools.core.results import Finding, StepResult
from buildtools.core.sequences import SEQUENCE
from buildtools.core.unseen import GAP, LIMIT

ALPHABET = "ab\né"
secrets = st.lists(st.text(ALPHABET, max_size=6), max_size=4)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(ends)]


def stream(masker: Masker, pieces: list[bytes]) -> bytes:
    filtered = masker.stream()
    return b"".join([*(filtered.feed(piece) for piece in pieces), filtered.finish()])


@settings(max_examples=400, deadline=None)
@given(secrets, st.text(ALPHABET, max_size=60), st.lists(st.integers(0, 200), max_size=12))
def test_a_stream_cut_anywhere_is_masked_as_the_whole_is(hidden: list[str], text: str, places: list[int]) -> None:
    masker = Masker(hidden)
    assert stream(masker, cut(text.encode(), places)).decode() == masker.text(text)


@settings(max_examples=400, deadline=None)
@given(secrets, st.text(ALPHABET, max_size=60))
def test_everything_that_a_secret_covers_is_hidden_and_nothing_else(hidden: list[str], text: str) -> None:
    masked = Masker(hidden).text(text)
    forms = {
        form
        for secret in hidden
        if secret.strip()
        for form in (secret, secret.strip(), quote(secret), base64.b64encode(secret.encode()).decode().rstrip("="))
    }
    covered = [False] * len(text)
    for form in forms:
        for at in range(len(text)):
            if text.startswith(form, at):
                covered[at : at + len(form)] = [True] * len(form)
    shown = "".join(letter for letter, hide in zip(text, covered, strict=True) if not hide)
    assert masked.replace("***", "") == shown


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=8))
def test_without_secrets_nothing_is_touched_or_held(data: bytes, places: list[int]) -> None:
    filtered = Masker().stream()
    for piece in cut(data, places):
        assert filtered.feed(piece) is piece
    assert filtered.finish() == b""


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_empty_and_blank_secrets_hide_nothing(secret: str) -> None:
    masker = Masker([secret])
    assert not masker
    assert masker.text("a b\nc") == "a b\nc"


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[1;31mhus\x1b[m\x1b[Kh-hush",
        "hush\x00-hush",
        "\x1b]0;t\x07hush-\x1b(Bhush",
        "h\x9bush\x7f-hush",
        "hush-\rhush",
    ],
)
def test_a_secret_torn_by_what_nobody_sees_is_hidden(text: str) -> None:
    masker = Masker(["hush-hush"])
    assert masker.text(f"\x1b[32msay\x1b[m {text}!") == "say ***!"
    assert masker.value(Finding(tool="t", rule="r", message=text, path="p")).message == "***"
    assert masker.text("\x1b[32mhush-\x1b[m hush \x00") == "\x1b[32mhush-\x1b[m hush \x00"


def covered(text: str, secrets: list[str]) -> list[bool]:
    """Tell of each character whether a secret covers it, or what does not show within one."""
    hidden = [(char < " " and char not in "\t\n") or "\x7f" <= char <= "\x9f" for char in text]
    for match in SEQUENCE.finditer(text):
        hidden[match.start() : match.end()] = [True] * len(match[0])
    found = [False] * len(text)
    for places in (range(len(text)), [place for place, hide in enumerate(hidden) if not hide]):
        shown = "".join(text[place] for place in places)
        for secret in secrets:
            for at in range(len(shown)):
                if shown.startswith(secret, at):
                    start, end = places[at], places[at + len(secret) - 1] + 1
                    found[start:end] = [True] * (end - start)
    return found


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.sampled_from(["ab", "aab", "abba", "bé", "b;b", "ba\nb", "[m", "\rb"]), min_size=1, max_size=3),
    st.lists(
        st.sampled_from([*"ababé;[m]\x1b\x07\x00\r\n\x9b\xa0", "\x1b[m", "\x1b[1;3", "\x1b]0;", "\x1b\\"]), max_size=16
    ),
    st.lists(st.integers(0, 300), max_size=12),
)
def test_a_stream_hides_what_is_torn_wherever_it_is_cut(
    hidden: list[str], pieces: list[str], places: list[int]
) -> None:
    text = "".join(pieces)
    masker = Masker(hidden)
    masked = stream(masker, cut(text.encode(), places))
    assert masked == stream(masker, [text.encode()])
    assert masked == stream(masker, [bytes([byte]) for byte in text.encode()])
    left = covered(text, [form for secret in hidden for form in (secret, secret.strip(), quote(secret, safe=""))])
    shown = "".join(char for char, hide in zip(text, left, strict=True) if not hide)
    assert masked.decode().replace("***", "") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"\x1b[1;31mhus\x1b[m\x1b[Kh-hush!\x1b[m", b"\x1b[1;31m***!\x1b[m"),
        (b"hush\x00-hu\r\x7fsh!", b"***!"),
        (b"hush\x1b]0;a title\x1b\\-\x1b]8;;\x07\x1b(Bhush!", b"***!"),
        (b"hush\xc2\x9b-hush \xc2\xa0\xc2", b"*** \xc2\xa0\xc2"),
        (b"hush-\x1b[mhash", b"hush-\x1b[mhash"),
    ],
)
def test_a_stream_hides_secrets_torn_by_what_nobody_sees(text: bytes, shown: bytes) -> None:
    for cuts in ([], [9], list(range(len(text)))):
        assert stream(Masker(["hush-hush"]), cut(text, cuts)) == shown


@pytest.mark.parametrize("flood", [b"\0" * GAP, b"\x1b[m" * GAP, b"\x1b]" + b"x" * LIMIT * 2, b"\r\0\x1b[m" * GAP])
def test_a_flood_of_what_does_not_show_is_not_held_for_ever(flood: bytes) -> None:
    filtered = Masker(["hush-hush"]).stream()
    shown = filtered.feed(b"hush")
    for _ in range(4):
        shown += filtered.feed(flood)
    held = filtered.finish()
    assert shown + held == b"hush" + flood * 4
    assert len(held) <= LIMIT


def test_a_gap_is_seen_through_up_to_its_bound() -> None:
    for gap, parts in ((GAP, b"***"), (GAP + 1, b"hush" + b"\0" * (GAP + 1) + b"-hush")):
        text = b"hush" + b"\0" * gap + b"-hush"
        assert stream(Masker(["hush-hush"]), [text]) == parts
        assert stream(Masker(["hush-hush"]), cut(text, [*range(0, len(text), 100), 7])) == parts


def test_overlapping_secrets_are_hidden_whole() -> None:
    assert Masker(["abcd", "cdef"]).text("-abcdef-") == "-***-"
    assert stream(Masker(["abcd", "cdef"]), [b"-abcd", b"e", b"f-"]) == b"-***-"


def test_the_lines_of_a_multi_line_secret_are_hidden_with_any_line_end() -> None:
    key = "-----BEGIN KEY-----\nAAAAB3NzaC1yc2EA\nZZ\n-----END KEY-----\n"
    assert "AAAAB3" not in Masker([key]).text("AAAAB3NzaC1yc2EA\r\n")
    assert Masker([key]).text(f"<{key}>") == "<***>"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("after", ["", "!", "!!"])
def test_base64_is_hidden_at_every_alignment(before: str, after: str) -> None:
    secret = "correct horse battery"
    text = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    masked = Masker([secret]).text(text)
    assert "***" in masked
    assert len(masked.replace("***", "")) <= 14


def test_url_encoded_forms_are_hidden() -> None:
    masker = Masker(["p@ss w/rd"])
    for text in ("p%40ss%20w%2Frd", "p%40ss%20w/rd", "p%40ss+w%2Frd"):
        assert masker.text(f"https://u:{text}@h") == "https://u:***@h"


def test_bytes_that_are_no_utf8_pass_a_stream_unharmed() -> None:
    assert stream(Masker(["hush"]), [b"\xff\x00hu", b"sh\xfe"]) == b"\xff\x00***\xfe"


def test_what_may_become_a_secret_is_held_back_and_nothing_more() -> None:
    filtered = Masker(["sesame"]).stream()
    assert filtered.feed(b"open se") == b"open "
    assert filtered.feed(b"at") == b"seat"
    assert filtered.feed(b"sesam") == b""
    assert filtered.finish() == b"sesam"


def test_values_are_masked_deep_inside_and_kept_where_nothing_changes() -> None:
    masker = Masker(["hush"])
    finding = Finding(tool="t", rule="r", message="hush now", path="a.py", line=3)
    result = StepResult(status=Status.FAILED, reason="a hush", findings=(finding,), outputs={"x": "hush"})
    masked = masker.value(result)
    assert masked.reason == "a ***"
    assert masked.findings[0].message == "*** now"
    assert masked.outputs == {"x": "***"}
    assert masked.status is Status.FAILED
    clean = StepResult(reason="fine", findings=(finding,))
    assert Masker(["other"]).value(clean) is clean


def test_a_flood_with_long_secrets_stays_fast() -> None:
    import time

    masker = Masker(["-----BEGIN-----\n" + "\n".join("x" * 60 + str(n) for n in range(60)), "token-123456", "hunter2!"])
    filtered = masker.stream()
    piece = (b"the quick brown fox jumps over the lazy dog, token-12345x " * 1200)[: 64 * 1024]
    started = time.perf_counter()
    for _ in range(80):
        filtered.feed(piece)
    assert time.perf_counter() - started < 2.5  # 5 MB; a quadratic search takes minutes
