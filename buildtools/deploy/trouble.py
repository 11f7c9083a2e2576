"""What goes wrong with a connection, in words for people."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from buildtools.core.errors import Cancelled, StepError
from buildtools.deploy.route import Hop


@contextlib.contextmanager
def explained(name: str, hop: Hop, *, gateway: bool = False) -> Iterator[None]:
    """Turn what paramiko and the system raise at a hop into one clear `StepError` that names the host.

    `gateway` says that the hop is not the host itself but on the way there.
    """
    from paramiko import ssh_exception as ssh

    at = f"{name}: on the way there: " if gateway else f"{name}: "
    place = f"{hop.host}:{hop.port}"
    try:
        yield
    except Cancelled:
        raise
    except StepError as error:
        raise type(error)(at + error.message, remedy=error.remedy) from None
    except ssh.ChannelException as error:
        if error.code == 1:
            raise StepError(
                f"{at}the gateway lets nobody through to {place}",
                remedy="Allow it there: AllowTcpForwarding and PermitOpen of sshd.",
            ) from None
        raise StepError(
            f"{at}nothing answers at {place}, seen from the gateway", remedy="Check host and port, and that sshd runs."
        ) from None
    except ssh.ProxyCommandFailure as error:
        raise StepError(f"{at}the ProxyCommand failed: {error}", remedy="Try it by itself.") from None
    except ConnectionRefusedError:
        raise StepError(f"{at}nothing answers at {place}", remedy="Check host and port, and that sshd runs.") from None
    except socket.gaierror as error:
        raise StepError(
            f"{at}the host name {hop.host} is not known: {error.strerror}",
            remedy="Check the name; short ones come from ~/.ssh/config.",
        ) from None
    except TimeoutError:
        raise StepError(f"{at}no answer from {place} in time", remedy=_SLOW) from None
    except (ssh.SSHException, OSError, EOFError, ValueError) as error:
        text = str(error) or type(error).__name__
        raise StepError(f"{at}no connection to {place}: {text}", remedy=_SLOW if "imeout" in text else "") from None


_SLOW = "Check the network, or `connect-timeout`."
