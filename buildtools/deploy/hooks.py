"""Programs of the user that a deployment runs on its hosts, between its own phases."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from buildtools.core.step import Duration

_LONGEST = 65_536
"""characters: one word of a command may be 128 KiB long on Linux, and quoting makes it longer"""


class Hook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command for `sh`, on each host or on the first alone. `timeout` 0 means: as long as the phase may take.

    Raises `ValueError` for a text that is no command.
    """

    run: Annotated[str, msgspec.Meta(description="What `sh` runs on the host, in the release's folder")]
    once: Annotated[
        bool, msgspec.Meta(description="Only on the first host of the list, as for migrations of one database")
    ] = False
    timeout: Annotated[Duration, msgspec.Meta(description="When it is ended, and has failed; 0: with its phase")] = 0.0

    shorthand: ClassVar[str] = "run"

    def __post_init__(self) -> None:
        if not self.run.strip():
            raise ValueError("an empty command")
        if "\0" in self.run or len(self.run) > _LONGEST:
            raise ValueError("a command that no shell can be given: it has a NUL in it, or is longer than 64 KiB")


_Hooks = tuple[Hook, ...]


class Hooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The hooks of a deployment, by their places in it; those of one place run one after the other."""

    prepare: Annotated[
        _Hooks,
        msgspec.Meta(description="In the new release, before any host is switched: migrations, warming a cache"),
    ] = ()
    before_switch: Annotated[
        _Hooks, msgspec.Meta(description="In the new release, right before this host is switched")
    ] = ()
    reload: Annotated[
        _Hooks, msgspec.Meta(description="After each switch, also when going back: what makes the server notice")
    ] = ()
    after_switch: Annotated[_Hooks, msgspec.Meta(description="In the new release, after switch and reload")] = ()
    after_rollback: Annotated[
        _Hooks, msgspec.Meta(description="In the release gone back to, after the switch back and the reload")
    ] = ()
