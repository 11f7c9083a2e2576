"""The run's side of the cache: one store and one memo of digests for all steps, opened when the first step asks.

```
.buildtools/cache/
    ab/cdef…             blobs, see `system.store`
    tools/PLUGIN/        what plugins' own programs keep
```
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.errors import StepError
from buildtools.core.masking import Masker
from buildtools.engine.settings import RunSettings

if TYPE_CHECKING:
    from buildtools.system.digests import Digests
    from buildtools.system.store import Store


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What had to be done anew, a file or `""` for the whole step, and why."""

    why: str
    subject: str = ""


class RunCache:
    """The cache as all steps of one run share it. `refresh`: nothing of earlier runs is taken, but results are kept."""

    def __init__(self, folder: Path, root: Path, masker: Masker, *, refresh: bool = False) -> None:
        self.folder = folder
        self.root = root
        self.masker = masker
        self.refresh = refresh
        self._tools: set[str] = set()
        self._began = time.time()
        self._away: list[Path] = []
        self._lock = threading.Lock()
        self._opened: tuple[Store, Digests] | None = None

    @property
    def store(self) -> Store:
        """All blobs."""
        return self._open()[0]

    @property
    def digests(self) -> Digests:
        """The digests of files."""
        return self._open()[1]

    def close(self) -> None:
        """Write what is to be remembered, and see to the cache's size; harmless if nothing was asked of it."""
        written = 0
        if self._opened is not None:
            store, digests = self._opened
            digests.save()
            written = store.written
        if written or self._tools:
            from buildtools.system.sweep import remove_folder, sweep_now_and_then

            self._forget_secrets()
            for folder in self._away:
                with suppress(OSError):  # then a later clean-up finds it
                    remove_folder(folder)
            sweep_now_and_then(self.folder, written=written)

    def _forget_secrets(self) -> None:
        """Remove what the plugins' own programs have written that holds a secret: CI systems carry caches about."""
        if not self.masker:
            return
        written = [path for name in self._tools for path in (self.folder / "tools" / name).rglob("*") if path.is_file()]
        for path in written:
            with suppress(OSError):
                if path.stat().st_mtime >= self._began - 2 and self.masker.finds(path.read_bytes()):
                    path.unlink()

    def _open(self) -> tuple[Store, Digests]:
        with self._lock:
            if self._opened is None:
                from buildtools.system.digests import Digests
                from buildtools.system.store import Store

                store = Store(self.folder)
                self._opened = store, Digests(self.root, store, fresh=self.refresh)
            return self._opened

    def tool_folder(self, plugin: str) -> Path:
        """Return the folder of a plugin's own program, empty at first where everything is anew. Raises `OSError`."""
        name = re.sub(r"[^A-Za-z0-9._=-]+", "_", plugin).strip("._")[-80:] or "plugin"
        folder = self.folder / "tools" / name
        with self._lock:
            if self.refresh and name not in self._tools:
                # Out of the way at one stroke: another run may be at work there. `close` removes it.
                away = folder.with_name(f".{name}.{os.urandom(4).hex()}")
                with suppress(FileNotFoundError):
                    folder.rename(away)
                    self._away.append(away)
            folder.mkdir(parents=True, exist_ok=True)
            self._tools.add(name)
        return folder


def run_cache(settings: RunSettings, root: Path) -> RunCache | None:
    """Return the cache that a run is to use. Nothing is opened yet."""
    if settings.cache == "off":
        return None
    base = settings.record or root / ".buildtools"
    return RunCache(base / "cache", root, settings.masker, refresh=settings.cache == "refresh")


class StepCache:
    """Satisfies `core.step.Cache` for one step."""

    def __init__(self, run: RunCache, plugin: str, version: str) -> None:
        self.run = run
        self.whys: list[Why] = []
        self.used = False
        """whether the plugin has looked for anything here"""
        self.warn: Callable[[str], None] = lambda _text: None
        """hears, once in a run, that the cache cannot be used"""
        self.spare: Callable[[], Path] | None = None
        """returns a folder to use where the cache's own cannot be made"""
        self._plugin = plugin
        self._prefix = f"{plugin}\0{version}\0"

    @property
    def folder(self) -> Path:
        """The folder of the plugin's own program; a private, passing one where the cache cannot be written."""
        self.used = True
        try:
            return self.run.tool_folder(self._plugin)
        except OSError as error:
            self.run.store.note("written", error)
            self.tell()
            if self.spare is None:
                raise StepError(f"{self.run.folder}: cannot be made: {error.strerror}") from None
            folder = self.spare()
            folder.mkdir(exist_ok=True)
            return folder

    def get(self, key: str) -> bytes | None:
        """Return what was last put under `key`."""
        self.used = True
        if self.run.refresh:
            return None
        data = self.run.store.get(self._prefix + key)
        self.tell()
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep `data`, unless a secret stands in it."""
        if not self.run.masker.finds(data):
            self.run.store.put(self._prefix + key, data)
            self.tell()

    def digest(self, file: Path) -> str:
        """Return the sha-256 of a file's content. Raises `OSError`."""
        return self.run.digests.of(file)

    def explain(self, subject: str, why: str) -> None:
        """Say what had to be done anew and why."""
        self.whys.append(Why(subject=whole(subject), why=whole(why)))

    def tell(self) -> None:
        """Warn of what is wrong with the cache, if nobody has yet."""
        if text := self.run.store.trouble():
            self.warn(whole(text))
