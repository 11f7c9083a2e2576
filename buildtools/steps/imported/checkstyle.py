"""Checkstyle's XML, as Checkstyle, ESLint, PHP_CodeSniffer, ktlint, shellcheck and many others write it."""

from __future__ import annotations

import re

from buildtools.plugin import Finding, Severity, StepResult
from buildtools.steps.imported.elements import Element, walk
from buildtools.steps.imported.imported import Imported, Unreadable

_SEVERITY = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}
_IGNORED = "ignore"


def read(data: bytes) -> Imported:
    """Read the findings of a file. Raises `Unreadable`."""
    files = _Files()
    walk(data, files)
    return Imported(result=StepResult(findings=tuple(files.findings)))


class _Files:
    whole = frozenset({"error", "exception"})

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._begun = False
        self._path = ""

    def begin(self, element: Element) -> None:
        if not self._begun and element.name != "checkstyle":
            raise Unreadable(f"its element is <{element.name}>, not <checkstyle>")
        self._begun = True
        if element.name == "file":
            self._path = element.attributes.get("name", "")

    def end(self, element: Element) -> None:
        known = element.attributes
        if element.name == "error" and known.get("severity", "").lower() != _IGNORED:
            tool, rule = _rule(known.get("source", ""))
            finding = Finding(
                tool=tool,
                rule=rule,
                message=known.get("message", "") or rule or "(no message)",
                path=self._path,
                line=_number(known.get("line", "")),
                column=_number(known.get("column", "")),
                # By Checkstyle's own default, what has no severity is an error.
                severity=_SEVERITY.get(known.get("severity", "error").lower(), Severity.WARNING),
            )
            self.findings.append(finding)
        elif element.name == "exception":  # Checkstyle could not check the file
            words = element.text.strip().partition("\n")[0] or "the file could not be checked"
            self.findings.append(
                Finding(tool="checkstyle", rule="exception", message=words, path=self._path, severity=Severity.ERROR)
            )
        elif element.name == "file":
            self._path = ""


def _rule(source: str) -> tuple[str, str]:
    """Return the tool and the rule that a source names: `eslint.rules.no-undef`, `ShellCheck.SC2034`, `errcheck`."""
    parts = source.split(".")
    if source.startswith("com.puppycrawl.tools.checkstyle."):
        return "checkstyle", parts[-1].removesuffix("Check")
    if source.startswith("eslint.rules."):
        return "eslint", ".".join(parts[2:])
    if len(parts) == 2 and all(parts):
        return parts[0], parts[1]
    return "checkstyle", source


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
