"""Is what was found what pylint alone finds? To the letter of the promise in docs/lint.md, no more and no less."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

import msgspec

from buildtools.steps.pylint.report import Message, Outcome


def difference(ours: Outcome, plain: Outcome) -> str:
    """Return what pylint alone finds otherwise, for people; empty if nothing."""
    here, there = _promised(ours.messages), _promised(plain.messages)
    if here != there:
        missing = Counter(itertools.chain(*there)) - Counter(itertools.chain(*here))
        added = Counter(itertools.chain(*here)) - Counter(itertools.chain(*there))
        for words, found in (("does not have", missing), ("has besides", added)):
            if found:
                first = min(found, key=repr)
                return f"it {words} {first.path}:{first.line}: {first.message_id} {first.message}"
        return "it has them in another order"
    if (ours.status, ours.score, ours.files) != (plain.status, plain.score, plain.files):
        numbers = [f"status {one.status}, score {one.score}, {len(one.files)} files" for one in (ours, plain)]
        return f"{numbers[0]}; pylint alone: {numbers[1]}"
    return ""


def _promised(messages: Iterable[Message]) -> list[list[Message]]:
    """Return the messages without what pylint does not reproduce: two runs of its own differ there.

    These are the lines that R0801 quotes, and the order of messages of one kind at one place, which is that of a set.
    """
    cut = (_without_quotation(message) for message in messages)
    place = ("path", "line", "column", "end_line", "end_column", "symbol")
    groups = itertools.groupby(cut, lambda message: tuple(getattr(message, name) for name in place))
    return [sorted(group, key=repr) for _place, group in groups]


def _without_quotation(message: Message) -> Message:
    if message.symbol != "duplicate-code":
        return message
    head, *rest = message.message.split("\n")
    places = sorted(line for line in rest if line.startswith("=="))
    return msgspec.structs.replace(message, message="\n".join((head, *places)))
