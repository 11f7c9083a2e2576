"""What can be seen of a checker's memory, to tell whether it keeps something of one file for the next."""

from __future__ import annotations

import sys
from functools import cached_property
from types import ModuleType
from typing import Any

_SCALARS = (str, bytes, int, float, complex, bool, type(None))
_DEEPEST = 4
_OWN = ("pylint.", "astroid.", "builtins.", "abc.", "typing.")

# What pylint's own checkers leave behind and never read in another file, as found by reading them: set anew for each
# module (`visit_module`, `process_tokens`), kept by nodes of the tree, or computed once from the configuration.
_HARMLESS = {
    "pylint.checkers.classes.class_checker": ("_accessed", "_setattr_attrs"),
    "pylint.checkers.design_analysis": ("_branches",),
    "pylint.checkers.format": ("_last_line_ending", "_lines", "_visited_lines"),
    "pylint.checkers.logging": ("_format_style", "_from_imports", "_logging_modules", "_logging_names"),
    "pylint.checkers.looping_iterator_checker": ("_scope_stack",),
    "pylint.checkers.refactoring.refactoring_checker": ("_return_nodes",),
    "pylint.checkers.strings": ("_unicode_literals",),
    "pylint.checkers.typecheck": ("_compiled_generated_members", "_postponed_evaluation_enabled"),
    "pylint.checkers.variables": (
        "_allow_global_unused_variables",
        "_analyse_fallback_blocks",
        "_evaluated_type_checking_scopes",
        "_postponed_evaluation_enabled",
        "_reported_type_checking_usage_scopes",
        "_to_consume",
    ),
    "pylint.extensions.private_import": ("all_used_type_annotations", "populated_annotations"),
    "pylint.extensions.redefined_variable_type": ("_assigns",),
    "pylint.extensions.typing": ("_postponed_evaluation_enabled",),
}


def state(checker: Any, known: bool) -> dict[str, Any]:
    """Return what can be seen of a checker's memory, as values: its own, and that of foreign classes and modules."""
    own = _own(type(checker).__module__)
    if known and own:
        return {}
    seen = {id(checker)}
    harmless = _HARMLESS.get(type(checker).__module__, ())
    held = {} if known else {name: value for name, value in vars(checker).items() if name not in harmless}
    if own:
        # Computed once, from the configuration; where a foreign checker does so, who knows from what.
        cls = type(checker)
        held = {k: v for k, v in held.items() if not isinstance(getattr(cls, k, None), cached_property)}
    state = {name: _view(value, _DEEPEST, seen) for name, value in held.items()}
    for kind in () if own else type(checker).__mro__:
        if not _own(kind.__module__):
            module = sys.modules.get(kind.__module__)
            for owner in (kind, module) if module else (kind,):
                for name, value in list(vars(owner).items()):
                    state[f"{owner.__name__}.{name}"] = _view(value, _DEEPEST, seen)
    return state


def _own(module: str) -> bool:
    return (module + ".").startswith(_OWN)


def _view(value: Any, depth: int, seen: set[int]) -> Any:
    if isinstance(value, _SCALARS):
        return value
    kind = type(value)
    if depth == 0 or id(value) in seen or isinstance(value, (type, ModuleType)) or callable(value) or _linter(value):
        return kind
    seen = {*seen, id(value)}
    if isinstance(value, dict):
        return [(_view(k, depth - 1, seen), _view(v, depth - 1, seen)) for k, v in list(value.items())]
    if isinstance(value, (list, tuple)):
        return [_view(item, depth - 1, seen) for item in value]
    if isinstance(value, (set, frozenset)):
        return kind, len(value), {item for item in value if isinstance(item, _SCALARS)}
    return _object(value, depth, seen)


def _object(value: Any, depth: int, seen: set[int]) -> Any:
    kind = type(value)
    if kind.__module__.startswith("astroid."):
        return kind, id(value)
    held = getattr(value, "__dict__", None)
    return kind, _view(held, depth - 1, seen) if held else _length(value)


def _linter(value: Any) -> bool:
    return hasattr(value, "prepare_checkers") or type(value).__module__.startswith(("argparse", "re"))


def _length(value: Any) -> Any:
    try:
        return len(value)
    except TypeError:
        return None
