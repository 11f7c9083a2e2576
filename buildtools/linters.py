"""Everything that a plugin for one more linter needs, beside `buildtools.plugin`; see docs/plugins.md.

A tool that is a program on PATH is a `ProgramLinter`, or a `FileLinter` if it takes files but no folders; one of the
project's `node_modules` is a `NodeLinter`, and a package of the project's interpreter a `PythonLinter`.
"""

from buildtools.steps.linters.linter import FileLinter, Linter, NodeLinter, ProgramLinter, PythonLinter
from buildtools.steps.linters.report import Report, decode
from buildtools.steps.linters.spelling import Spelling

__all__ = [
    "FileLinter",
    "Linter",
    "NodeLinter",
    "ProgramLinter",
    "PythonLinter",
    "Report",
    "Spelling",
    "decode",
]
