"""pylint's linter, which has its linting done elsewhere wherever that finds the same."""

from __future__ import annotations

import gc
from typing import Any, Iterable, Sequence  # noqa: UP035 - for Python 3.8

from .carried import Unknown, settled
from .fast import Fast
from .pool import GaveUp
from .wish import Wish


def linter_class(base: Any, wish: Wish) -> Any:
    """Return a subclass of pylint's linter that lints as `wish` says."""

    class Linter(base):  # type: ignore[misc]
        def prepare_checkers(self) -> list[Any]:
            prepared: list[Any] = super().prepare_checkers()
            self._prepared = prepared
            return prepared

        def check(self, files_or_modules: Sequence[str]) -> None:
            # Not `config.jobs`, if there is a choice: pylint has put its own count of processors there for a 0, and
            # that knows no quota. pylint's own processes find other things than one process does.
            self.config.jobs = 1
            try:
                super().check(files_or_modules)
            finally:
                # What lives now lives on to the end, and need not be walked any more.
                gc.freeze()
                gc.enable()

        def _get_asts(self, fileitems: Iterable[Any], data: str | None, *progress: Any) -> dict[Any, Any]:
            settled(self._prepared)
            items = list(fileitems)
            self._fast = None
            try:
                self._fast = Fast(self, super(), items, wish)
            except (GaveUp, Unknown) as reason:
                wish.told["plain"] = str(reason)
                wish.end()
                trees: dict[Any, Any] = super()._get_asts(iter(items), data, *progress)
                return trees
            # All has to wait for what pylint only tells when it comes to linting.
            self._progress = progress
            return {}

        def _lint_files(self, ast_mapping: dict[Any, Any], check_astroid_module: Any, *progress: Any) -> None:
            if self._fast is None or not self._fast.items:
                super()._lint_files(ast_mapping, check_astroid_module, *progress)
                return
            self._fast.lint(check_astroid_module, self._progress, progress)

    return Linter
