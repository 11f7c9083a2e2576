"""What astroid tells of builtins when functions' classes are made late: the same as when they are made at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import sys

import astroid
from astroid.builder import AstroidBuilder

from buildtools.steps.pylint.inside.builtin import make_classes_late
from buildtools.steps.pylint.inside.waiting import Waiting

if sys.argv[1] == "late":
    make_classes_late()
AstroidBuilder(astroid.MANAGER)
module = astroid.MANAGER.builtins_module
late = 0
for function in module.nodes_of_class(astroid.nodes.FunctionDef):
    late += isinstance(function.instance_attrs, Waiting)
    (kind,) = function.getattr("__class__")[:1]
    held = {name: [one.as_string() for one in found] for name, found in kind.locals.items()}
    doc = kind.doc_node and kind.doc_node.value
    print(function.qname(), list(function.instance_attrs), kind.qname(), kind.basenames, doc, held)
print(late > 1000, file=sys.stderr)
"""


def test_the_classes_are_the_same() -> None:
    root = Path(__file__).parents[3]
    said = [
        subprocess.run([sys.executable, "-c", _SCRIPT, how], cwd=root, capture_output=True, check=True, text=True)
        for how in ("late", "at once")
    ]
    assert [one.stderr.strip() for one in said] == ["True", "False"]
    assert len(said[0].stdout) > 100_000
    assert said[0].stdout == said[1].stdout
