"""All hosts of a deployment at once: opened side by side, and closed together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from buildtools.core.errors import BuildtoolsError, StepError
from buildtools.core.step import StepContext
from buildtools.deploy.host import Host, LocalHost
from buildtools.deploy.layout import Address
from buildtools.deploy.ssh import SshHost, SshOptions


@contextmanager
def open_hosts(
    ctx: StepContext, addresses: Sequence[Address], options: SshOptions, pool: int = 8
) -> Iterator[tuple[Host, ...]]:
    """Within this, the hosts at these addresses are connected, in the order given; at most `pool` connect at once.

    Raises `StepError` if any cannot be reached, with what is wrong with each; the others are closed again by then.
    """
    with ExitStack() as stack:
        opening = [_opening(ctx, place, options) for place in addresses]
        with ThreadPoolExecutor(max_workers=pool, thread_name_prefix="connect") as threads:
            tries = [threads.submit(one.__enter__) for one in opening]
        hosts: list[Host] = []
        failures: list[BuildtoolsError] = []
        for one, tried in zip(opening, tries, strict=True):
            try:
                hosts.append(tried.result())
                stack.push(one)
            except BuildtoolsError as error:
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise StepError("\n".join(error.message for error in failures), remedy=failures[0].remedy)
        yield tuple(hosts)


def _opening(ctx: StepContext, place: Address, options: SshOptions) -> AbstractContextManager[Host]:
    if place.local:
        folder = ctx.root / Path(place.folder).expanduser()
        return contextlib.nullcontext(LocalHost(ctx, folder, place.text.removesuffix(":")))
    return SshHost(ctx, place, options)


__all__ = ["SshOptions", "open_hosts"]
