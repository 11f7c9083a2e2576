"""All hosts of a deployment at once: opened side by side, and closed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.core.errors import BuildtoolsError, Cancelled, StepError
from buildtools.core.step import StepContext
from buildtools.deploy.host import Host, LocalHost
from buildtools.deploy.layout import Address
from buildtools.deploy.route import Hop, SshOptions, route

if TYPE_CHECKING:
    from buildtools.deploy.ssh import SshHost


@contextmanager
def open_hosts(
    ctx: StepContext, addresses: Sequence[Address], options: SshOptions, pool: int = 8
) -> Iterator[tuple[Host, ...]]:
    """Within this, the hosts at these addresses are connected, in the order given; at most `pool` connect at once.

    Raises `StepError` for addresses that mean one host twice, and if any cannot be reached, with what is wrong with
    each; nothing stays open then.
    """
    hosts = _hosts(ctx, addresses, options)
    remote = [host for host in hosts if not isinstance(host, LocalHost)]
    if remote:
        from buildtools.deploy.hostkeys import check_files

        check_files(options)
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(max_workers=pool, thread_name_prefix="connect"))
        # Closing takes its time as well, so that goes side by side too.
        stack.callback(lambda: list(threads.map(_close, remote)))
        failures = [error for error in threads.map(_open, remote) if error is not None]
        ctx.check_cancelled()
        if failures:
            raise _one(failures)
        yield tuple(hosts)


def _hosts(ctx: StepContext, addresses: Sequence[Address], options: SshOptions) -> list[LocalHost | SshHost]:
    ways = _ways(ctx, addresses)
    names: dict[str, str] = {}
    hosts: list[LocalHost | SshHost] = []
    for place, hops in zip(addresses, ways, strict=True):
        if hops:
            from buildtools.deploy.ssh import SshHost

            meant = " -> ".join(hop.login for hop in hops)
            hosts.append(SshHost(ctx, place.text, hops, options))
        else:
            folder = ctx.root / Path(place.folder).expanduser()
            meant = f"local:{folder.resolve()}"
            hosts.append(LocalHost(ctx, folder, place.text.removesuffix(":"), options.phase))
        if meant in names:
            raise StepError(
                f"hosts: {names[meant]} and {place.text} are one host: {meant}", remedy="Name each host once."
            )
        names[meant] = place.text
    return hosts


def _ways(ctx: StepContext, addresses: Sequence[Address]) -> list[tuple[Hop, ...]]:
    """Return the hops to each address, none for a local one."""
    if all(place.local for place in addresses):
        return [() for _ in addresses]
    from buildtools.deploy.sshconfig import read_config

    config = read_config()
    return [() if place.local else route(place, config, ctx.env) for place in addresses]


def _open(host: SshHost) -> BuildtoolsError | None:
    try:
        host.__enter__()
    except Cancelled:
        return None  # `open_hosts` says so
    except BuildtoolsError as error:
        return error
    return None


def _close(host: SshHost) -> None:
    with suppress(BuildtoolsError, OSError):
        host.__exit__()


def _one(failures: Sequence[BuildtoolsError]) -> BuildtoolsError:
    if len(failures) == 1:
        return failures[0]
    remedies = dict.fromkeys(error.remedy for error in failures if error.remedy)
    return StepError("\n".join(error.message for error in failures), remedy="\n".join(remedies))


__all__ = ["SshOptions", "open_hosts"]
