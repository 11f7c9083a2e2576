"""What a host's answer becomes, whatever it is; a host is asked for real in `tests/cli/test_releases.py`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtools.core.errors import ExitCode, StepError
from buildtools.deploy.host import LocalHost
from buildtools.deploy.inventory import Inventory, Stock, take_stock, unreachable
from buildtools.deploy.pins import all_named, named, pin
from buildtools.deploy.plan import Site
from buildtools.deploy.script import Reply
from tests.support.context import LoneContext

SITE = Site(target="demo", root="site")
A, B = "a" * 64, "b" * 64


class Answering:
    """A host that gives this answer to whatever it is asked."""

    def __init__(self, *lines: str, status: int = 0, name: str = "web1") -> None:
        self.reply = Reply(status=status, stdout="".join(f"@bt {line}\n" for line in lines).encode())
        self.name = name
        self.asked: list[str] = []

    def root(self, root: str) -> str:
        return root

    def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
        self.asked.append(script)
        return self.reply

    def dial(self, host: str, port: int, timeout: float = 10.0) -> object:
        raise NotImplementedError


def stock(*lines: str, name: str = "web1") -> Stock:
    return take_stock(Answering(*lines, name=name), SITE, verify=True, tail=3)  # type: ignore[arg-type]


def test_one_command_tells_everything() -> None:
    head = {"format": 1, "target": "demo", "version": "1", "revision": "r1", "archive": "demo.1.r1.tgz",
            "archive_size": 77, "archive_sha256": A, "compressor": "x", "epoch": 0, "dirty": True}  # fmt: skip
    host = Answering(
        "state yes", "current link releases/1.r1", "link 1 releases/1.r1", "good 0.r0 t0", "good 1.r1 t1",
        f"release 0.r0 {B} 0 r0 1700000000 eve no", f"release 1.r1 {A} 1 r1 1700000001 ann yes",
        "release by-hand - - - - - no", f"manifest 1.r1 {json.dumps(head)[:-1]}, \"entries\":[",
        "checked same 0.r0", "checked differs 1.r1", f"differs 1.r1 h {A} ./x", "checked unknown by-hand",
        'audit {"schema":1,"time":1700000001,"event":"deployed","release":"1.r1","from":"","who":"ann","where":"m:1"}',
    )  # fmt: skip
    found = take_stock(host, SITE, verify=True, tail=3)  # type: ignore[arg-type]
    assert len(host.asked) == 1
    assert (found.current, found.previous, found.links) == ("1.r1", "0.r0", {"1": "releases/1.r1"})
    assert [held.name for held in found.releases] == ["1.r1", "0.r0", "by-hand"]
    first, second, third = found.releases
    assert (first.who, first.deployed, first.pinned, first.dirty, first.archive_size) == (
        "ann", 1_700_000_001, True, True, 77,
    )  # fmt: skip
    assert [held.good for held in found.releases] == [True, True, False]
    assert first.drift is not None
    assert (first.drift.changed, second.previous, third.digest) == (("x",), True, "")
    assert [(line.event, line.who, line.machine) for line in found.log] == [("deployed", "ann", "m:1")]


@pytest.mark.parametrize(
    "line",
    [
        "manifest 1.r1 {", "manifest 1.r1", f"manifest 1.r1 {'[' * 4000}", 'manifest 1.r1 {"format":"x","entries":[',
        "audit {", "audit []", 'audit {"time":"x"}', "audit \udcff", "release", "release 1.r1", "checked", "differs",
        "checked differs nowhere", "current", "link", "good", "interrupted", "no such key", "",
    ],
)  # fmt: skip
def test_an_odd_line_spoils_no_other(line: str) -> None:
    host = Answering("current link releases/1.r1", f"release 1.r1 {A} 1 r1 1700000001 ann no")
    odd = f"@bt {line}\n".encode("utf-8", "surrogateescape")
    host.reply = Reply(status=0, stdout=host.reply.stdout + odd)
    found = take_stock(host, SITE, tail=3)  # type: ignore[arg-type]
    assert (found.current, found.releases[0].name, found.log) == ("1.r1", "1.r1", ())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("error unreadable ./site/demo/.buildtools",), "cannot be read by this login"),
        (("error hash",), "neither sha256sum nor shasum nor openssl"),
        (("error root ./site/demo is not a folder",), "is not a folder"),
        ((), "ended with status 1"),
    ],
)  # fmt: skip
def test_a_refusal_is_told(lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(StepError, match=said):
        take_stock(Answering(*lines, status=1), SITE)  # type: ignore[arg-type]


@pytest.mark.skipif(os.getuid() == 0, reason="root may enter every folder")
@pytest.mark.parametrize("name", ["site", "site/demo", "site/demo/releases", "site/demo/.buildtools"])
def test_what_may_not_be_read_is_not_called_nothing(tmp_path: Path, name: str) -> None:
    for folder in ("releases", ".buildtools"):
        (tmp_path / "site/demo" / folder).mkdir(parents=True)
    (tmp_path / name).chmod(0)
    try:
        with pytest.raises(StepError, match=f"{name} cannot be read by this login"):
            take_stock(LocalHost(LoneContext(tmp_path / "here"), tmp_path, "web1"), SITE)
    finally:
        (tmp_path / name).chmod(0o700)


def one(release: str, digest: str = A, *, name: str = "web1", verdict: str = "same") -> Stock:
    lines = (f"current link releases/{release}", f"release {release} {digest} 1 r1 1 ann no")
    return stock(*lines, f"checked {verdict} {release}", name=name)


def test_hosts_that_disagree_are_named() -> None:
    assert Inventory(target="demo", hosts=(one("1.r1"), one("1.r1", name="web2"))).disagreement == ""
    other = Inventory(target="demo", hosts=(one("1.r1"), one("2.r2", name="web2"), one("1.r1", name="web3")))
    assert other.disagreement == "web1, web3 serve 1.r1; web2 serves 2.r2"
    content = Inventory(target="demo", hosts=(one("1.r1"), one("1.r1", B, name="web2")))
    assert content.disagreement == "1.r1 is not the same content on all of them"
    gone = unreachable("web2", StepError("web2: gone", remedy="look"))
    assert Inventory(target="demo", hosts=(one("1.r1"), gone)).disagreement == ""


@pytest.mark.parametrize(
    ("verdicts", "verified", "code"),
    [
        (("same", "same"), True, ExitCode.OK), (("same", "differs"), True, ExitCode.FAILED),
        (("forged",), True, ExitCode.FAILED), (("unknown",), True, ExitCode.FAILED), ((), True, ExitCode.EMPTY),
        (("",), True, ExitCode.FAILED), (("differs",), False, ExitCode.OK), ((), False, ExitCode.OK),
    ],
)  # fmt: skip
def test_the_exit_code_is_that_of_the_worst(verdicts: tuple[str, ...], verified: bool, code: ExitCode) -> None:
    hosts = tuple(one("1.r1", verdict=verdict) for verdict in verdicts)
    assert Inventory(target="demo", verified=verified, hosts=hosts).exit_code is code
    gone = unreachable("web2", StepError("gone"))
    assert Inventory(target="demo", verified=verified, hosts=(*hosts, gone)).exit_code is ExitCode.ERROR


def test_what_people_should_know_besides() -> None:
    locked = stock("lock t1|ann|box:1.2:beef|4000000000", "current link releases/1.r1")
    assert locked.notes == ["locked by ann on box", "current is 1.r1, which is no release here"]
    assert stock("lock what").notes == ["locked by what"]
    left = stock("interrupted t1 1.r1 - web1", "residue txn/t1")
    assert left.notes == ["an interrupted deployment left something, which the next one clears up"]
    release = f"release 1.r1 {A} 1 r1 1 ann no"
    (note,) = stock("interrupted t1 1.r1 releases/0.r0 web1", "current link releases/1.r1", release).notes
    assert "which nobody knows to work" in note
    assert stock("current folder").notes == ["current is not a link, so that no deployment can switch it"]


def test_a_release_is_named_by_its_folder_or_its_version() -> None:
    found = stock(
        f"release 1.r1 {A} 1 r1 1 ann no", f"release 1.r2 {B} 1 r2 2 ann no", f"release 2.r1 {B} 2 r1 3 ann no",
        "link 1 releases/1.r2",
    )  # fmt: skip
    assert [named(found, name).name for name in ("1.r1", "1", "2", "2.r1")] == ["1.r1", "1.r2", "2.r1", "2.r1"]
    with pytest.raises(StepError, match=r"there is no release '2\.r2'\. Did you mean '2\.r1'"):
        named(found, "2.r2")
    with pytest.raises(StepError, match=r"several releases 1: 1\.r2, 1\.r1"):
        named(stock(f"release 1.r1 {A} 1 r1 1 ann no", f"release 1.r2 {B} 1 r2 2 ann no"), "1")
    with pytest.raises(StepError, match="is not the same release on all hosts"):
        all_named([one("1.r1"), one("1.r1", B, name="web2")], "1.r1")


def test_a_pin_that_is_refused() -> None:
    held = named(one("1.r1"), "1.r1")
    with pytest.raises(StepError, match=r"the release 1\.r1 was removed by somebody else"):
        pin(Answering("error gone 1.r1", status=1), SITE, held, pinned=True)  # type: ignore[arg-type]
    assert pin(Answering(), SITE, held, pinned=True)  # type: ignore[arg-type]
    assert not pin(Answering("unchanged"), SITE, held, pinned=False)  # type: ignore[arg-type]
