"""Which host keys are known: against what `ssh-keygen` finds in the same files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from buildtools.deploy.hostkeys import HostKeyRefused, Pin, known_keys
from buildtools.deploy.route import Hop
from buildtools.plugin import StepError
from tests.support.sshd import make_key

HOP = Hop(name="web", host="Web.Example.org", user="d")


@pytest.fixture(scope="module")
def pins(tmp_path_factory: pytest.TempPathFactory) -> list[Pin]:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    folder = tmp_path_factory.mktemp("keys")
    keys = [Path(f"{make_key(folder / str(number))}.pub").read_text().split() for number in range(3)]
    return [Pin(words[0], words[1]) for words in keys]


def written(folder: Path, *lines: str) -> Path:
    file = folder / "known"
    file.write_text("\n".join(lines) + "\n")
    return file


def known(file: Path, **more: object) -> tuple[Pin, ...]:
    fields = {"name": "web", "host": "Web.Example.org", "user": "d", **more}
    return known_keys(Hop(**fields), (file,)).pins  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("patterns", "port"),
    [
        ("web.example.org", 22), ("WEB.example.org", 22), ("a,web.example.org,b", 22), ("*.example.org", 22),
        ("w?b.example.org", 22), ("*", 22), ("*,!web.example.org", 22), ("!web.example.org,*", 22),
        ("*.example.org,!w*", 22), ("web.example.org", 2222), ("[web.example.org]:2222", 2222),
        ("[*.example.org]:2222", 2222), ("[web.example.org]:22", 22), ("[web.example.org]:2222", 22), ("*", 2222),
        ("web.example.orgs", 22), ("eb.example.org", 22), ("|1|x|y", 22), ("|1|", 22), ("", 22), (",", 22),
    ],
)  # fmt: skip
def test_the_same_lines_count_as_for_openssh(tmp_path: Path, pins: list[Pin], patterns: str, port: int) -> None:
    file = written(tmp_path, f"{patterns} {pins[0].kind} {pins[0].data} a comment")
    name = "web.example.org" if port == 22 else f"[web.example.org]:{port}"
    found = subprocess.run(["ssh-keygen", "-F", name, "-f", str(file)], capture_output=True, text=True, check=False)
    assert (known(file, port=port) == (pins[0],)) is (pins[0].data in found.stdout)


def test_hashed_names_are_found(tmp_path: Path, pins: list[Pin]) -> None:
    file = written(
        tmp_path,
        f"web.example.org {pins[0].kind} {pins[0].data}",
        f"[web.example.org]:2222 {pins[1].kind} {pins[1].data}",
    )
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "example" not in file.read_text()
    assert known(file) == (pins[0],)
    assert known(file, port=2222) == (pins[1],)
    assert known(file, host="other") == ()


def test_lines_that_say_nothing_are_passed_over(tmp_path: Path, pins: list[Pin]) -> None:
    file = written(
        tmp_path, "", "# a comment", "web.example.org", "web.example.org ssh-ed25519", "web.example.org x !!!",
        f"@cert-authority web.example.org {pins[1].kind} {pins[1].data}", "\ufffd \xff",
        f"  web.example.org\t{pins[0].kind}  {pins[0].data}",
    )  # fmt: skip
    assert known(file) == (pins[0],)


def test_any_of_several_keys_is_taken_and_no_other(tmp_path: Path, pins: list[Pin]) -> None:
    lines = [f"web.example.org {pin.kind} {pin.data}" for pin in pins[:2]]
    keys = known_keys(HOP, (written(tmp_path, *lines),))
    for pin in pins[:2]:
        keys.check(pin, accept_new=False)
    for accept in (False, True):
        with pytest.raises(HostKeyRefused, match="is not the one that is known") as caught:
            keys.check(pins[2], accept_new=accept)
        assert pins[2].shown in caught.value.message
        assert "ssh-keygen -R web.example.org && echo" in caught.value.remedy


def test_a_revoked_key_is_refused_whoever_shows_it(tmp_path: Path, pins: list[Pin]) -> None:
    line = f"web.example.org {pins[0].kind} {pins[0].data}"
    keys = known_keys(HOP, (written(tmp_path, line, f"@revoked other {pins[0].kind} {pins[0].data}"),))
    with pytest.raises(HostKeyRefused, match="is revoked"):
        keys.check(pins[0], accept_new=True)


def test_a_key_without_a_port_counts_for_any_but_is_no_reason_to_cry_wolf(tmp_path: Path, pins: list[Pin]) -> None:
    hop = Hop(name="web", host="web.example.org", user="d", port=2222)
    keys = known_keys(hop, (written(tmp_path, f"web.example.org {pins[0].kind} {pins[0].data}"),))
    keys.check(pins[0], accept_new=False)
    with pytest.raises(HostKeyRefused, match=r"\[web.example.org\]:2222: its host key is not known"):
        keys.check(pins[1], accept_new=False)


def test_an_alias_stands_for_host_and_port(tmp_path: Path, pins: list[Pin]) -> None:
    file = written(tmp_path, f"web.example.org {pins[0].kind} {pins[0].data}", f"tunnel {pins[1].kind} {pins[1].data}")
    assert known(file, known_as="Tunnel", port=2222) == (pins[1],)


def test_files_of_the_configuration_are_read_too_and_new_keys_go_into_the_first(
    tmp_path: Path, pins: list[Pin]
) -> None:
    first, second = tmp_path / "sub/first", written(tmp_path, f"web.example.org {pins[0].kind} {pins[0].data}")
    hop = Hop(name="web", host="web.example.org", user="d", known_hosts=(second,))
    assert known_keys(hop, (first,)).pins == (pins[0],)
    other = Hop(name="x", host="x", user="d", known_hosts=(second,))
    known_keys(other, (first,)).check(pins[1], accept_new=True)
    second.write_text(second.read_text().rstrip("\n"))
    known_keys(other, (second,)).check(pins[2], accept_new=True)
    assert first.read_text() == f"x {pins[1].kind} {pins[1].data}\n"
    assert second.read_text().splitlines()[1] == f"x {pins[2].kind} {pins[2].data}"


def test_files_that_cannot_be_read_or_written(tmp_path: Path, pins: list[Pin]) -> None:
    with pytest.raises(StepError, match="the known hosts cannot be read: Is a directory"):
        known_keys(HOP, (tmp_path,))
    (tmp_path / "file").write_text("")
    with pytest.raises(StepError, match="the new host key cannot be written down"):
        known_keys(HOP, (tmp_path / "file/below",)).check(pins[0], accept_new=True)
