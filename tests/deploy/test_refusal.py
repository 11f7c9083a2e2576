"""What people are told of a host's no, or of its silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.deploy import transaction as phase
from buildtools.deploy.hooks import Hook
from buildtools.deploy.host import LocalHost
from buildtools.deploy.plan import Seen, Site
from buildtools.deploy.refusal import Refusal, refusal
from buildtools.deploy.script import Reply
from buildtools.deploy.transaction import Stream, Transaction
from tests.support.context import LoneContext


class Answering(LocalHost):
    """A host that gives one answer to everything."""

    answer = Reply(status=-1)

    def run(self, script: str, feed: object = ()) -> Reply:
        return self.answer


def _phases(folder: Path, answer: Reply) -> list[str]:
    """Go through all phases on a host that answers this, and return what is told of each."""
    host = Answering(LoneContext(folder), folder, "web")
    host.answer = answer
    site, seen = Site(target="demo", root="site"), Seen(current="", releases={})
    one = Transaction(
        id="t", host=host, peers=(), site=site, seen=seen, name="1.r1", digest="d", reuse=False, expect=""
    )
    told = []
    for work in (
        lambda: phase.claim(one, ()), lambda: phase.reuse(one, ()), lambda: phase.receive(one, (), {}, Stream()),
        lambda: phase.renew(one), lambda: phase.commit(one), lambda: phase.back(one),
        lambda: phase.program(one, Hook(run="true"), one.place, "."), lambda: phase.finish(one, "deployed"),
        lambda: phase.abort(one, "failed", "why"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as caught:
            work()
        told.append(caught.value.message)
    return told


DOING = ("taking the lock", "taking the lock", "sending", "renewing the lock", "switching", "going back",
         "running a hook", "finishing", "unlocking")  # fmt: skip


def test_what_went_on_when_a_connection_was_lost_is_said_in_words_for_people(tmp_path: Path) -> None:
    told = _phases(tmp_path, Reply(status=-1))
    assert told == [f"web: the connection was lost while {doing}" for doing in DOING]


def test_a_lock_that_was_lost_is_no_reason_to_run_again_at_once() -> None:
    refused = refusal("web", "site/demo", "switching", Reply(status=1, stdout=b"@bt error lost \n"))
    assert "the lock was lost to another deployment" in refused.message
    assert "Look at `buildtools releases` first" in refused.remedy
    assert "Run it again" not in refused.remedy


@pytest.mark.parametrize(
    "said", [b"mkdir: cannot create directory '/proc/a': No such file", b"mkdir: can't create directory 'a'"]
)
def test_a_folder_that_cannot_be_made_asks_for_another_root(said: bytes) -> None:
    assert "`root`" in refusal("web", "site/demo", "taking the lock", Reply(status=1, stderr=said)).remedy


def test_what_went_on_when_a_script_failed_is_said_in_words_for_people(tmp_path: Path) -> None:
    told = _phases(tmp_path, Reply(status=1, stderr=b"mkdir: no\n"))
    assert told == [f"web: {doing} ended with status 1: mkdir: no" for doing in DOING]
