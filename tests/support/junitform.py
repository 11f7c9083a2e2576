"""What an element of JUnit XML may hold, as far as the flavours differ: a small stand-in for the published schemas.

Written after Jenkins' `junit-10.xsd` (xUnit plugin) and Ant's `JUnit.xsd` (windyroad): the attributes that must and may
be there, the order of the children, and the form of numbers and times.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element


class Form(NamedTuple):
    """Attributes by name (`*` marks what must be there) and the children's tags, each followed by a blank."""

    attributes: str = ""
    children: str = ""


_VERDICTS = {tag: Form("type message") for tag in ("failure", "error", "skipped")}
_RERUN = Form("type* message", "(stackTrace )?(system-out )?(system-err )?")
_LEAVES = {tag: Form() for tag in ("system-out", "system-err", "stackTrace")}
_PROPERTIES = {"properties": Form("", "(property )*"), "property": Form("name* value*")}

XUNIT10 = {
    "testsuites": Form("name time tests failures errors", "(testsuite )*"),
    "testsuite": Form(
        "name* tests* failures* errors* group time skipped timestamp hostname id package file log url version",
        "((properties|testcase|system-out|system-err) )*",
    ),
    "testcase": Form(
        "name* time classname group",
        "((skipped|error|failure|rerunFailure|rerunError|flakyFailure|flakyError|system-out|system-err) )*",
    ),
    **dict.fromkeys(("rerunFailure", "rerunError", "flakyFailure", "flakyError"), _RERUN),
    **_VERDICTS,
    **_LEAVES,
    **_PROPERTIES,
}
ANT = {
    "testsuites": Form("", "(testsuite )*"),
    "testsuite": Form(
        "package* id* name* timestamp* hostname* tests* failures* errors* skipped time*",
        "properties (testcase )*system-out system-err ",
    ),
    "testcase": Form("name* classname* time*", "((skipped|error|failure) )?"),
    "skipped": Form("message"),
    "failure": Form("message type*"),
    "error": Form("message type*"),
    "system-out": Form(),
    "system-err": Form(),
    **_PROPERTIES,
}
_VALUES = {
    "time": r"\d+\.\d{1,3}",
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00)?",
    **dict.fromkeys(("id", "tests", "failures", "errors", "skipped"), r"\d+"),
    **dict.fromkeys(("package", "hostname"), r"(?s).*\S.*"),
}


def misfits(root: Element, forms: dict[str, Form]) -> list[str]:
    """Return what a reader of this flavour would refuse."""
    problems = []
    for element in root.iter():
        form = forms.get(element.tag)
        if form is None:
            problems.append(f"unknown element {element.tag}")
            continue
        names = form.attributes.split()
        needed = {name[:-1] for name in names if name.endswith("*")}
        given = set(element.attrib)
        problems += [f"{element.tag}: lacks {name}" for name in needed - given]
        problems += [f"{element.tag}: {name} is too much" for name in given - {name.rstrip("*") for name in names}]
        children = "".join(f"{child.tag} " for child in element)
        if not re.fullmatch(form.children, children):
            problems.append(f"{element.tag}: children {children}")
        problems += [
            f"{element.tag}: {name}={value!r}"
            for name, value in element.attrib.items()
            if (element.tag, name) != ("property", "name") and not re.fullmatch(_VALUES.get(name, "(?s).*"), value)
        ]
        if element.tag in ("testsuite", "property") and not element.get("name", "").strip():
            problems.append(f"{element.tag}: no name")
    return problems
