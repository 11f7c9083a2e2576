"""Programs of the user that a deployment runs on its hosts, between its own phases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec

from buildtools.core.step import Duration

_LONGEST = 65_536
"""characters: a longer one is a program, and has its place in the release"""


class Hook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command for `sh`, on each host on which something is left to do, or on the first of these alone.

    `timeout` 0 means: as long as there is `room`. Raises `ValueError` for a text that is no command.
    """

    run: Annotated[str, msgspec.Meta(description="What `sh` runs on the host, in the release's folder")]
    once: Annotated[
        bool,
        msgspec.Meta(
            description="Only on the first host of those with something left to do, as for migrations of one database"
        ),
    ] = False
    timeout: Annotated[
        Duration, msgspec.Meta(description="When it is ended, and has failed; 0: shortly before its phase is")
    ] = 0.0

    shorthand: ClassVar[str] = "run"

    def __post_init__(self) -> None:
        if not self.run.strip():
            raise ValueError("an empty command")
        if "\0" in self.run or len(self.run) > _LONGEST:
            raise ValueError("a command that no shell is given: it has a NUL in it, or is longer than 64 KiB")


def grace(phase: float) -> int:
    """Return what a hook that does not end when it is told to has left before it is killed (s), in such a phase."""
    return max(1, min(5, int(phase / 4)))


def room(phase: float) -> int:
    """Return how long a hook may take (s) so that it is killed, and that is told, before such a phase is over."""
    return int(phase - 2 * grace(phase))


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

    def problems(self, phase: float) -> Iterator[str]:
        """Say which hooks cannot have the time that they are to have, in phases of that length (s)."""
        for name in self.__struct_fields__:
            for hook in getattr(self, name):
                if room(phase) < max(1.0, hook.timeout):
                    place, wanted = name.replace("_", "-"), f"{hook.timeout:g} s" if hook.timeout else "its time"
                    yield (
                        f"{place}: of `timeout: {phase:g}s`, a program can have {max(0, room(phase))} s at most, since"
                        f" ending it takes time too: {wanted} is more"
                    )
