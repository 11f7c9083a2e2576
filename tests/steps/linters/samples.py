"""A report of each linter, as it writes it: one finding, an error, in `src/a.x`."""

from __future__ import annotations

import json

from buildtools.linters import Linter
from buildtools.steps.linters.bandit import Bandit
from buildtools.steps.linters.biome import Biome
from buildtools.steps.linters.eslint import Eslint
from buildtools.steps.linters.mypy import Mypy
from buildtools.steps.linters.oxlint import Oxlint
from buildtools.steps.linters.ruff import Ruff

ALL: dict[str, type[Linter]] = {
    "bandit": Bandit,
    "biome": Biome,
    "eslint": Eslint,
    "mypy": Mypy,
    "oxlint": Oxlint,
    "ruff": Ruff,
}

_PLACE = {"line": 3, "column": 5}
_VALUES: dict[str, object] = {
    "bandit": {
        "errors": [],
        "metrics": {"_totals": {"loc": 1}, "src/a.x": {"loc": 1}},
        "results": [
            {
                "filename": "./src/a.x",
                "test_id": "B602",
                "test_name": "shell",
                "issue_text": "bad",
                "issue_severity": "HIGH",
                "line_number": 3,
                "line_range": [3, 4],
                "col_offset": 4,
                "end_col_offset": 6,
            }
        ],
    },
    "biome": {
        "summary": {"changed": 0, "unchanged": 1, "diagnosticsNotPrinted": 0},
        "diagnostics": [
            {
                "severity": "error",
                "message": "bad",
                "category": "lint/suspicious/noDebugger",
                "location": {"path": "src/a.x", "start": _PLACE, "end": {"line": 4, "column": 7}},
            }
        ],
    },
    "eslint": [
        {
            "filePath": "src/a.x",
            "messages": [
                {"ruleId": "eqeqeq", "severity": 2, "message": "bad", **_PLACE, "endLine": 4, "endColumn": 7},
            ],
        }
    ],
    "mypy": {
        "file": "src/a.x",
        "line": 3,
        "column": 4,
        "end_line": 4,
        "end_column": 6,
        "message": "bad",
        "hint": None,
        "code": "assignment",
        "severity": "error",
    },
    "oxlint": {
        "diagnostics": [
            {
                "message": "bad",
                "severity": "error",
                "code": "eslint(eqeqeq)",
                "filename": "src/a.x",
                "labels": [{"span": {"offset": 9, "length": 3, **_PLACE}}],
            }
        ],
        "number_of_files": 1,
    },
    "ruff": [
        {
            "code": "E902",
            "name": "io-error",
            "message": "bad",
            "filename": "src/a.x",
            "location": {"row": 3, "column": 5},
            "end_location": {"row": 4, "column": 7},
        }
    ],
}

FOUND = {name: json.dumps(value).encode() + b"\n" for name, value in _VALUES.items()}
"""with the finding"""

CLEAN = {
    "bandit": json.dumps({"errors": [], "metrics": {"_totals": {}, "src/a.x": {}}, "results": []}).encode(),
    "biome": json.dumps({"summary": {"changed": 0, "unchanged": 1}, "diagnostics": []}).encode(),
    "eslint": json.dumps([{"filePath": "src/a.x", "messages": []}]).encode(),
    "mypy": b"\n",
    "oxlint": json.dumps({"diagnostics": [], "number_of_files": 1}).encode(),
    "ruff": b"[]\n",
}
"""without one"""

EMPTY = {
    "bandit": (json.dumps({"errors": [], "metrics": {"_totals": {}}, "results": []}).encode(), b"", 0),
    "biome": (
        json.dumps({"summary": {"changed": 0, "unchanged": 0}, "diagnostics": []}).encode(),
        "lint ━━━━\n\n  × No files were processed in the specified paths.\n".encode(),
        1,
    ),
    "eslint": (b"[]", b"", 0),
    "mypy": (b"", b"There are no .py[i] files in directory 'x'\n", 2),
    "oxlint": (b'No files found to lint.\n{ "diagnostics": [], "number_of_files": 0 }', b"", 1),
    "ruff": (b"[]\n", b"warning: No Python files found under the given path(s)\n", 0),
}
"""stdout, stderr and exit status where no file was there"""
