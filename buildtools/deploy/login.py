"""Logging in: which keys are tried, in which order, and why none was taken."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buildtools.core.errors import StepError
from buildtools.deploy.route import Hop, SshOptions

if TYPE_CHECKING:
    from paramiko import PKey, Transport

_DEFAULTS = ("id_ed25519", "id_ecdsa", "id_rsa")
_LOCKED = "Load the key into ssh-agent, or set `passphrase`."
_WRONG = "Check `passphrase`, or load the key into ssh-agent."
_CHECK = "Check the user, the key (`identity`, ~/.ssh/config, ssh-agent), and authorized_keys on the host."
_TOO_MANY = "It lets nobody try many keys: name the right one by `identity`, or write `IdentitiesOnly yes`."


class Login:
    """The tries to log in at one hop; satisfies what `SSHClient.connect` calls an `auth_strategy`.

    First the keys that are named, then those of ssh-agent, then the user's own. Where a password is given it follows
    at once on the keys that are named: a server closes the connection after a few wrong keys.
    """

    def __init__(self, hop: Hop, options: SshOptions, *, password: str) -> None:
        self.hop = hop
        self.options = options
        self.password = password
        self._tried: list[str] = []

    def authenticate(self, transport: Transport) -> None:
        """Log in; raises `StepError` if that is not possible, with every try in it."""
        from paramiko import SSHException

        with _agent_keys(self.hop.agent, self.options.connect) as held:
            for what, key in self._keys(held):
                try:
                    rest = transport.auth_publickey(self.hop.user, key)
                except (SSHException, OSError, EOFError) as error:
                    self._note(transport, what, error)
                    continue
                if not rest:
                    return
                self._tried.append(f"{what}: taken, but {' or '.join(rest)} is asked for too")
                break
        if self.password:
            try:
                transport.auth_password(self.hop.user, self.password)
            except (SSHException, OSError, EOFError) as error:
                self._note(transport, "the password", error)
            else:
                return
        raise self._refused()

    def _keys(self, held: dict[bytes, PKey]) -> Iterator[tuple[str, PKey]]:
        """Yield what a key is called in messages, and the key; `held` are those of ssh-agent by their public part."""
        named = [*self.options.identity, *self.hop.identity]
        shown: set[bytes] = set()
        for path in named:
            if (key := self._loaded(path, held)) is not None and key.asbytes() not in shown:
                shown.add(key.asbytes())
                yield str(path), key
        if self.password:
            return
        if not self.hop.only:
            for blob, key in held.items():
                if blob not in shown:
                    shown.add(blob)
                    yield f"ssh-agent's {getattr(key, 'comment', '') or key.get_name()}", key
        if not named:
            for path in (Path("~/.ssh").expanduser() / name for name in _DEFAULTS):
                if (key := self._loaded(path, held)) is not None and key.asbytes() not in shown:
                    yield str(path), key

    def _loaded(self, path: Path, held: dict[bytes, PKey]) -> PKey | None:
        """Return the key of a file; through ssh-agent, where that holds it and the file gives it away only so."""
        from paramiko import PKey, SSHException

        public = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
        if (blob := _blob(public)) is not None and blob in held:
            return held[blob]
        if not path.exists():
            if path in self.options.identity:
                raise StepError(f"identity: {path} is not there")
            return None
        words = [self.options.passphrase.encode()] if self.options.passphrase else []
        encrypted = False
        for word in (*words, None):
            try:
                # The second parameter changed its name in paramiko 5, and takes bytes only.
                key: PKey = PKey.from_path(str(path), word)  # type: ignore[arg-type]
            except TypeError:  # a passphrase that is not needed, or one that is missing
                encrypted = word is None
            except (ValueError, SSHException) as error:
                self._tried.append(f"{path}: {'the passphrase is wrong' if word else f'no private key ({error})'}")
                return None
            except OSError as error:
                self._tried.append(f"{path}: {error.strerror}")
                return None
            else:
                return key
        if encrypted:
            self._tried.append(f"{path}: is encrypted, and there is no passphrase for it")
        return None

    def _note(self, transport: Transport, what: str, error: Exception) -> None:
        """Keep why a try failed; raises `StepError` if there can be no other."""
        text = str(error) or type(error).__name__
        if "timeout" in text.lower() or isinstance(error, TimeoutError):
            self._tried.append(f"{what}: no answer in time")
            raise self._refused("Check the network, or `connect-timeout`.")
        if not transport.is_active():
            self._tried.append(f"{what}: the server ended the connection")
            raise self._refused(_TOO_MANY if len(self._tried) > 1 else "")
        self._tried.append(f"{what}: not taken")

    def _refused(self, remedy: str = "") -> StepError:
        tried = "; ".join(self._tried) or "there is no key to try"
        locked = any("is encrypted" in text for text in self._tried)
        wrong = any(text.endswith("the passphrase is wrong") for text in self._tried)
        return StepError(
            f"{self.hop.user} may not log in to {self.hop.host}:{self.hop.port}: {tried}",
            remedy=remedy or (_LOCKED if locked else _WRONG if wrong else _CHECK),
        )


def _blob(public: Path) -> bytes | None:
    import base64
    import binascii

    try:
        words: Sequence[str] = public.read_text(encoding="utf-8").split()
        return base64.b64decode(words[1], validate=True)
    except (OSError, UnicodeDecodeError, IndexError, binascii.Error):
        return None


@contextmanager
def _agent_keys(path: str, timeout: float) -> Iterator[dict[bytes, PKey]]:
    """Within this, the keys of the ssh-agent at a socket can sign; none if it cannot be asked: nothing to complain of.

    paramiko's own way takes the socket from this process's environment only, and waits for it for ever.
    """
    from paramiko import SSHException
    from paramiko.agent import AgentSSH

    agent: Any = AgentSSH()
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(timeout)
    with stream:
        try:
            if path:
                stream.connect(path)
                agent._connect(stream)
        except (OSError, SSHException, ValueError):
            agent._keys = ()
        yield {key.asbytes(): key for key in agent.get_keys()}
