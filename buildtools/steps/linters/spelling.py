"""Which option a word of a command line is: written out, cut short, with its value, or among others in one word."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Spelling(msgspec.Struct, frozen=True, kw_only=True):
    """How a tool lets its options be written, beside `-x`, `--name` and `--name=value`."""

    flags: str = ""
    """The letters of its short options without a value. Where there are some, `-xo` may be `-x -o`, and `-ofile` too"""
    shortened: bool = False
    """Whether `--na` is `--name`, as argparse has it"""
    files: bool = False
    """Whether `@file` stands for the words in a file"""

    def hides(self, word: str) -> bool:
        """Whether a word stands for others, which nobody sees here."""
        return self.files and word.startswith("@")

    def names(self, word: str, options: Iterable[str]) -> bool:
        """Whether a word is one of the options, or begins with one, or may be one."""
        name = word.partition("=")[0]
        if name in options:
            return True
        if name.startswith("--"):
            return self.shortened and len(name) > 2 and any(option.startswith(name) for option in options)
        return bool(self.flags) and any(f"-{letter}" in options for letter in self._letters(word))

    def _letters(self, word: str) -> str:
        """Return the letters in a word that are options: up to the first that takes what follows as its value."""
        if not word.startswith("-"):
            return ""
        flags = len(word) - len(word[1:].lstrip(self.flags))
        return word[1 : flags + 1]
