"""To a release that stands on the hosts already: which one is meant, and what becomes of the others."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildtools.deploy.activate import Wish, activate, look
from buildtools.deploy.fleet import Outcome
from buildtools.deploy.hooks import Hook, Hooks
from buildtools.deploy.host import LocalHost
from buildtools.deploy.plan import Policy, Site
from buildtools.deploy.probe import probe
from buildtools.plugin import StepError
from buildtools.steps.deploying import Journal
from tests.support.context import LoneContext
from tests.support.releases import content, pack, upload

SITE = Site(target="demo", root="site")


def hosts(folder: Path) -> tuple[LocalHost, ...]:
    context = LoneContext(folder)
    return tuple(LocalHost(context, folder / name, f"local:{name}") for name in "ab")


def go(
    folder: Path, name: str | None = None, *, rollback: bool = False, each: bool = False, hooks: Hooks | None = None
) -> Outcome:
    """Activate a release on both hosts, or roll back to it."""
    wish = Wish(name=name, rollback=rollback, each=each)
    return activate(hosts(folder), SITE, wish, Policy(hooks=hooks or Hooks()), Journal(LoneContext(folder)).voice)


def served(folder: Path) -> list[str]:
    return [(folder / host / "site/demo/current").readlink().name for host in "ab"]


def good(folder: Path) -> list[str]:
    """Return the releases that count as good on the first host, the latest last."""
    return [name for name, _ in probe(hosts(folder)[0], SITE).good]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deploy 1.0.r1, 1.0.r2 and 2.0.r3 to two hosts."""
    folder = tmp_path_factory.mktemp("activate")
    for version, revision in (("1.0", "r1"), ("1.0", "r2"), ("2.0", "r3")):
        archive = pack(folder, {"index.html": revision}, version=version, revision=revision)
        upload(folder, archive, hosts=("local:a", "local:b"))
    return folder


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


def deployed(folder: Path, version: str, revision: str, names: Sequence[str] = ("a", "b"), text: str = "") -> None:
    archive = pack(folder, {"index.html": text or revision}, version=version, revision=revision)
    upload(folder, archive, hosts=tuple(f"local:{name}" for name in names))


@pytest.mark.parametrize(("name", "wanted"), [("1.0.r1", "1.0.r1"), ("1.0", "1.0.r2"), ("2.0", "2.0.r3")])
def test_a_release_is_named_by_version_or_in_full(site: Path, name: str, wanted: str) -> None:
    before = [choice.previous for choice in look(hosts(site), SITE, Wish(name=name), Policy())]
    assert before == ["2.0.r3"] * 2
    outcome = go(site, name)
    assert [ended.switched for ended in outcome.hosts] == [wanted != "2.0.r3"] * 2
    assert served(site) == [wanted] * 2
    assert content(site / "a/site/demo/current") == {"index.html": wanted[-2:]}
    assert good(site)[-1] == wanted
    assert (site / "b/site/demo" / wanted[:3]).readlink().name == wanted
    assert not (site / "a/site/demo/.buildtools/lock").is_symlink()


def test_what_is_not_there_is_refused_with_what_is(site: Path) -> None:
    with pytest.raises(StepError, match=r"local:a: no release 1\.1 there\nlocal:b: no release 1\.1 there") as caught:
        go(site, "1.1")
    assert caught.value.remedy == "There stand on all of them: 1.0.r1, 1.0.r2, 2.0.r3."
    log = (site / "a/site/demo/.buildtools/log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["event"] == "refused"


def test_what_stands_on_some_hosts_only_is_told(site: Path) -> None:
    shutil.rmtree(site / "b/site/demo/releases/1.0.r2")
    with pytest.raises(StepError, match=r"local:b: no release 1\.0\.r2 there") as caught:
        go(site, "1.0.r2")
    assert caught.value.remedy == "There stand on all of them: 1.0.r1, 2.0.r3. Not on all of them: 1.0.r2 (on local:a)."


def test_each_rollback_goes_one_further_back_until_there_is_none(site: Path) -> None:
    go(site, rollback=True)
    assert (served(site), good(site)) == (["1.0.r2"] * 2, ["1.0.r1", "1.0.r2"])
    go(site, rollback=True)
    assert (served(site), good(site)) == (["1.0.r1"] * 2, ["1.0.r1"])
    with pytest.raises(StepError, match="no good release before the current one"):
        go(site, rollback=True)
    deployed(site, "2.0", "r3")
    assert good(site) == ["1.0.r1", "2.0.r3"]
    go(site, rollback=True)
    assert served(site) == ["1.0.r1"] * 2


def test_a_rollback_to_a_named_release_forgets_those_after_it(site: Path) -> None:
    go(site, "1.0.r1", rollback=True)
    assert (served(site), good(site)) == (["1.0.r1"] * 2, ["1.0.r1"])
    log = (site / "a/site/demo/.buildtools/log.jsonl").read_text().splitlines()
    last = json.loads(log[-1])
    assert (last["event"], last["release"], last["from"]) == ("rolled-back", "1.0.r1", "releases/2.0.r3")


def test_a_rollback_to_one_that_was_good_no_more_forgets_the_one_it_leaves(site: Path) -> None:
    go(site, rollback=True)
    deployed(site, "3.0", "r4")
    go(site, "2.0.r3", rollback=True)
    assert (served(site), good(site)) == (["2.0.r3"] * 2, ["1.0.r1", "1.0.r2", "2.0.r3"])
    go(site, rollback=True)
    assert (served(site), good(site)) == (["1.0.r2"] * 2, ["1.0.r1", "1.0.r2"])


def test_a_program_that_fails_after_a_rollback_is_warned_of(site: Path) -> None:
    context = LoneContext(site)
    places = [LocalHost(context, site / name, f"local:{name}") for name in "ab"]
    policy = Policy(hooks=Hooks(after_rollback=(Hook(run="exit 3"),)))
    activate(places, SITE, Wish(rollback=True), policy, Journal(context).voice)
    assert (served(site), good(site)) == (["1.0.r2"] * 2, ["1.0.r1", "1.0.r2"])
    told = "the after-rollback program `exit 3` ended with status 3"
    assert sorted(context.warnings) == [f"local:{name}: {told}" for name in "ab"]


def test_hosts_that_do_not_agree_are_refused_unless_each_may_have_its_own(site: Path) -> None:
    deployed(site, "2.0", "r4", ["b"])
    with pytest.raises(StepError, match="the hosts do not agree which release that is") as caught:
        go(site, rollback=True)
    assert "local:a: 1.0.r2 (" in caught.value.message
    assert "--each" in caught.value.remedy
    assert "local:b: 2.0.r3 (" in caught.value.message
    assert served(site) == ["2.0.r3", "2.0.r4"]
    go(site, rollback=True, each=True)
    assert served(site) == ["1.0.r2", "2.0.r3"]


@pytest.mark.parametrize("dry", [True, False])
def test_whoever_is_at_work_is_named_before_hosts_that_do_not_agree(site: Path, *, dry: bool) -> None:
    deployed(site, "2.0", "r4", ["b"])
    for name in "ab":
        text = f"20300101T000000Z-abc|jane|build-7:12.34:feed|{int(time.time()) + 500}"
        (site / name / "site/demo/.buildtools/lock").symlink_to(text)
    with pytest.raises(StepError) as caught:
        _ = look(hosts(site), SITE, Wish(rollback=True), Policy()) if dry else go(site, rollback=True)
    assert [line.partition(" until ")[0] for line in caught.value.message.splitlines()] == [
        "local:a: locked by jane on build-7", "local:b: locked by jane on build-7",
    ]  # fmt: skip
    assert all((site / name / "site/demo/.buildtools/lock").is_symlink() for name in "ab")
    lines = (site / "a/site/demo/.buildtools/log.jsonl").read_text().splitlines()
    assert (json.loads(lines[-1])["event"] == "refused") != dry


def test_the_same_content_by_another_name_is_the_same(site: Path) -> None:
    deployed(site, "3.0", "r5", ["a"], "other")
    deployed(site, "3.0", "r5", ["a", "b"], "same")
    deployed(site, "4.0", "r6")
    go(site, rollback=True)
    assert served(site) == ["3.0.r5~2", "3.0.r5"]


def test_programs_run_but_for_those_that_prepare_a_release(site: Path) -> None:
    places = ("prepare", "before_switch", "reload", "after_switch", "after_rollback")
    line = 'echo {} $BUILDTOOLS_VERSION $BUILDTOOLS_RELEASE >>"$BUILDTOOLS_ROOT/trace"'
    hooks = Hooks(**{place: (Hook(run=line.format(place)),) for place in places})
    trace = site / "a/site/demo/trace"
    go(site, "1.0.r1", hooks=hooks)
    said = [f"{place} 1.0 1.0.r1" for place in ("before_switch", "reload", "after_switch")]
    assert trace.read_text().splitlines() == said
    trace.unlink()
    deployed(site, "2.0", "r3")
    go(site, rollback=True, hooks=hooks)
    said = [f"{place} 1.0 1.0.r1" for place in ("before_switch", "reload", "after_rollback")]
    assert trace.read_text().splitlines() == said


def test_an_activation_that_fails_goes_back(site: Path) -> None:
    hooks = Hooks(after_switch=(Hook(run="case $BUILDTOOLS_ROOT in */b/*) exit 3 ;; esac"),))
    with pytest.raises(StepError, match="after-switch program") as caught:
        go(site, "1.0", hooks=hooks)
    assert "local:a: is back at 2.0.r3" in caught.value.message
    assert (served(site), good(site)) == (["2.0.r3"] * 2, ["1.0.r1", "1.0.r2", "2.0.r3"])


def test_a_release_that_came_before_there_were_such_records(site: Path) -> None:
    for host in "ab":
        state = site / host / "site/demo/.buildtools"
        (state / "good").unlink()
        for file in (state / "manifests").glob("*.digest"):
            before = file.stat()
            file.write_text(file.read_text().splitlines()[0] + "\n")
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    (site / "a/site/demo/1.0").unlink()
    with pytest.raises(StepError, match=r"no release 1\.0 there"):
        go(site, "1.0")
    go(site, "1.0.r1")
    assert (served(site), good(site)) == (["1.0.r1"] * 2, ["1.0.r2", "2.0.r3", "1.0.r1"])
    go(site, rollback=True)
    assert served(site) == ["2.0.r3"] * 2
