"""Where linters explain their rules."""

from __future__ import annotations

import re

_PYLINT = {"C": "convention", "E": "error", "F": "fatal", "I": "information", "R": "refactor", "W": "warning"}
_PYLINT_RULE = re.compile(r"([CEFIRW])\d{4}")
_SYMBOL = re.compile(r"[a-z0-9][a-z0-9-]*")


def documentation(tool: str, rule: str, symbol: str) -> str:
    """Return the address of a rule's documentation; empty where none is known."""
    if tool == "pylint" and (match := _PYLINT_RULE.fullmatch(rule)) and _SYMBOL.fullmatch(symbol):
        return f"https://pylint.readthedocs.io/en/stable/user_guide/messages/{_PYLINT[match[1]]}/{symbol}.html"
    if tool == "ruff" and _SYMBOL.fullmatch(symbol):
        return f"https://docs.astral.sh/ruff/rules/{symbol}/"
    if tool == "eslint" and _SYMBOL.fullmatch(rule) and rule not in ("fatal", "eslint"):
        return f"https://eslint.org/docs/latest/rules/{rule}"
    if tool == "mypy" and _SYMBOL.fullmatch(rule):
        return f"https://mypy.readthedocs.io/en/stable/_refs.html#code-{rule}"
    return ""
