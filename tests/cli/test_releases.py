"""`buildtools releases`, `activate` and `rollback` on this machine, as people use them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from buildtools.deploy.hooks import Hook, Hooks
from buildtools.plugin import StepError
from tests.support.project import Outcome, Project
from tests.support.releases import pack, upload
from tests.support.sshd import Sshd, free_port

FILE = """
properties: {version: "1.0"}
steps:
  pack:
    uses: pack
    with: {target: demo, version: "${version}", revision: r1, release-dir: src}
  upload:
    uses: upload
    with: {archive: "${steps.pack.archive}", hosts: ["local:a", "local:b"], root: site}
"""


def deploy(root: Path, version: str, **options: Any) -> None:
    archive = pack(root, {"index.html": version, "static/a.css": "a {}"}, version=version)
    upload(root, archive, hosts=("local:a", "local:b"), **options)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the releases 1.0, 1.1 and 1.2 on two hosts."""
    root = tmp_path_factory.mktemp("deployed")
    for version in ("1.0", "1.1", "1.2"):
        deploy(root, version)
    return root


@pytest.fixture
def site(deployed: Path, project: Any) -> Project:
    made: Project = project({"pipeline.yaml": FILE})
    shutil.copytree(deployed, made.root, symlinks=True, dirs_exist_ok=True)
    return made


def told(outcome: Outcome) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(outcome.stdout)
    return value


def current(site: Project, host: str) -> str:
    return str((site.root / host / "site/demo/current").readlink()).removeprefix("releases/")


def test_the_table_says_what_stands_where(site: Project) -> None:
    outcome = site.call("releases")
    assert outcome.code == 0, outcome
    rows = [line.split() for line in outcome.stdout.splitlines()]
    assert rows[0] == ["HOST", "VERSION", "REVISION", "STATE", "DEPLOYED", "BY", "NOTE"]
    assert [row[:4] for row in rows[1:]] == [
        [host, version, "r1", state]
        for host in ("local:a", "local:b")
        for version, state in (("1.2", "current"), ("1.1", "previous"), ("1.0", "-"))
    ]


def states(site: Project) -> list[list[str]]:
    rows = [line.split() for line in site.call("releases").stdout.splitlines() if line.startswith("local:a")]
    return [row[1:-3] for row in rows]


def test_the_state_says_what_failed_and_what_was_left(site: Project) -> None:
    with pytest.raises(StepError, match="ended with status 1"):
        deploy(site.root, "1.3", hooks=Hooks(after_switch=(Hook(run="exit 1"),)))
    assert states(site)[0] == ["1.3", "r1", "not", "proven"]
    assert site.call("rollback").code == 0
    assert states(site) == [
        ["1.2", "r1", "rolled", "back"], ["1.1", "r1", "current"], ["1.0", "r1", "previous"],
    ]  # fmt: skip


def test_json_says_all_of_it(site: Project) -> None:
    found = told(site.call("releases", "demo", "--json", "--log", "2"))
    assert (found["schema_version"], found["target"], found["disagreement"]) == (1, "demo", "")
    for stock in found["hosts"]:
        assert (stock["current"], stock["previous"], stock["links"]["1.0"]) == ("1.2.r1", "1.1.r1", "releases/1.0.r1")
        newest = stock["releases"][0]
        assert (newest["name"], newest["version"], newest["revision"], newest["current"]) == (
            "1.2.r1", "1.2", "r1", True,
        )  # fmt: skip
        assert newest["who"]
        assert newest["deployed"] > 1_700_000_000
        assert [(line["event"], line["release"]) for line in stock["log"]] == [
            ("deployed", "1.1.r1"), ("deployed", "1.2.r1"),
        ]  # fmt: skip


def test_hosts_come_from_flags_too(site: Project) -> None:
    (site.root / "pipeline.yaml").unlink()
    outcome = site.call("releases", "demo", "--host", "local:a", "--root", "site")
    assert (outcome.code, outcome.stdout.count("local:a"), outcome.stdout.count("local:b")) == (0, 3, 0)
    assert site.call("releases", "--host", "local:a").code == 2
    wrong = site.call("releases", "demo", "--host=-x")
    assert (wrong.code, "is no host" in wrong.stderr) == (2, True)
    bare = site.call("releases", "demo")
    assert (bare.code, "Or name the hosts: --host" in bare.stderr) == (3, True)
    unset = site.call("releases", "demo", "--host", "local:a", "--password-env", "NOT_SET")
    assert (unset.code, "the variable NOT_SET is not set" in unset.stderr) == (2, True)
    nothing = site.call("releases", "other", "--host", "local:a", "--root", "site", "--verify")
    assert (nothing.code, nothing.stdout) == (4, "local:a: no release of other\n")


def test_verifying_names_what_differs(site: Project) -> None:
    assert site.call("releases", "--verify").stdout.count("verified") == 6
    release = site.root / "a/site/demo/releases/1.1.r1"
    (release / "index.html").write_text("1.?")
    (release / "static/a.css").unlink()
    (release / "static/new file").write_text("")
    outcome = site.call("releases", "--verify")
    assert outcome.code == 1
    (row,) = [line for line in outcome.stdout.splitlines() if "changed" in line]
    assert row.split()[:2] == ["local:a", "1.1"]
    assert "changed: index.html; missing: static/a.css; added: static/new file" in row
    assert outcome.stdout.count("verified") == 5
    drift = told(site.call("releases", "--verify", "--json"))["hosts"][0]["releases"][1]["drift"]
    assert (drift["verdict"], drift["changed"], drift["missing"], drift["added"]) == (
        "differs", ["index.html"], ["static/a.css"], ["static/new file"],
    )  # fmt: skip


def test_a_forged_listing_and_a_foreign_release_are_named(site: Project) -> None:
    state = site.root / "a/site/demo/.buildtools/manifests"
    (state / "1.0.r1.list").write_text("")
    (site.root / "b/site/demo/releases/by-hand").mkdir()
    outcome = site.call("releases", "--verify")
    assert outcome.code == 1
    assert "its listing on the host was changed" in outcome.stdout
    assert "it came without a manifest" in outcome.stdout


def test_verifying_with_busybox_and_names_that_mean_something_to_shells(site: Project, tmp_path: Path) -> None:
    busybox = shutil.which("busybox") or pytest.skip("busybox is not installed")
    applets = tmp_path / "applets"
    applets.mkdir()
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (applets / name).symlink_to(busybox)
    release = site.root / "a/site/demo/releases/1.1.r1"
    names = ["-rf; $(touch pwned)", "we\x1b[31mird", "back\\slash", "'q' \"d\"", "new\nline"]
    for name in names:
        (release / name).write_text("")
    for path in (None, str(applets)):
        outcome = site.call("releases", "--verify", env={"PATH": path} if path else {})
        assert (outcome.code, outcome.stdout.count("verified"), "\x1b" in outcome.stdout) == (1, 5, False), outcome
        drift = told(site.call("releases", "--verify", "--json"))["hosts"][0]["releases"][1]["drift"]
        assert drift["verdict"] == "differs"
        assert set(names[:4]) <= set(drift["added"])
        assert drift["changed"] == drift["modes"] == []
    assert not list(site.root.rglob("pwned"))


def test_a_host_that_cannot_be_looked_at_hides_no_other(site: Project) -> None:
    shutil.rmtree(site.root / "a/site/demo")
    (site.root / "a/site/demo").write_text("")
    outcome = site.call("releases")
    assert (outcome.code, outcome.stdout.count("local:b")) == (5, 3)
    assert "error: local:a:" in outcome.stderr


def test_pinned_releases_stay(site: Project) -> None:
    assert (
        "local:a: 1.0.r1 is pinned now\nlocal:b: 1.0.r1 is pinned now\n" in site.call("releases", "--pin", "1.0").text
    )
    assert site.call("releases", "--pin", "1.0.r1").stdout.startswith("local:a: 1.0.r1 is pinned already")
    deploy(site.root, "1.3", keep=1)
    deploy(site.root, "1.4", keep=1)
    found = told(site.call("releases", "--json"))["hosts"][1]["releases"]
    assert [(held["name"], held["pinned"]) for held in found] == [
        ("1.4.r1", False), ("1.3.r1", False), ("1.0.r1", True),
    ]  # fmt: skip
    assert "is not pinned now" in site.call("releases", "--unpin", "1.0").stdout
    unknown = site.call("releases", "--pin", "7")
    assert (unknown.code, "there is no release '7'" in unknown.stderr) == (5, True)
    log = (site.root / "a/site/demo/.buildtools/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in log].count("pinned") == 1


def test_rolling_back_goes_further_back_each_time(site: Project) -> None:
    shutil.rmtree(site.root / "build/reports")
    site.write({"build/reports/junit.xml": "the gate's"})
    outcome = site.call("rollback")
    assert outcome.code == 0, outcome
    assert (current(site, "a"), current(site, "b")) == ("1.1.r1", "1.1.r1")
    assert site.call("rollback", "demo").code == 0
    assert (current(site, "a"), current(site, "b")) == ("1.0.r1", "1.0.r1")
    refused = site.call("rollback")
    assert (refused.code, current(site, "a")) == (5, "1.0.r1")
    assert [path.name for path in (site.root / "build/reports").iterdir()] == ["junit.xml"]
    assert (site.root / "build/reports/junit.xml").read_text() == "the gate's"
    log = (site.root / "a/site/demo/.buildtools/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in log] == ["deployed"] * 3 + ["rolled-back"] * 2 + ["refused"]
    runs = sorted((site.root / ".buildtools/runs").iterdir())
    kept = json.loads((runs[-2] / "run.json").read_text())["steps"][0]["result"]["outputs"]
    assert (kept["release"], '"event":"rolled-back"' in kept["log"]) == ("1.0.r1", True)


def test_a_dry_run_changes_nothing(site: Project) -> None:
    before = {path: path.lstat().st_mtime_ns for path in (site.root / "a").rglob("*")}
    outcome = site.call("rollback", "--dry-run")
    assert (outcome.code, outcome.stdout) == (0, "local:a: 1.2.r1 -> 1.1.r1\nlocal:b: 1.2.r1 -> 1.1.r1\n")
    found = told(site.call("activate", "1.0", "-n", "--json"))
    assert (found["dry_run"], found["hosts"][0]) == (
        True, {"host": "local:a", "release": "1.0.r1", "previous": "1.2.r1", "switched": True},
    )  # fmt: skip
    assert before == {path: path.lstat().st_mtime_ns for path in (site.root / "a").rglob("*")}


def test_activating_by_name(site: Project) -> None:
    outcome = site.call("activate", "demo", "1.0", "--json")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert [(one["host"], one["release"], one["previous"], one["switched"]) for one in told(outcome)["hosts"]] == [
        ("local:a", "1.0.r1", "1.2.r1", True), ("local:b", "1.0.r1", "1.2.r1", True),
    ]  # fmt: skip
    assert current(site, "b") == "1.0.r1"
    again = told(site.call("activate", "1.0.r1", "--json"))
    assert not any(one["switched"] for one in again["hosts"])
    assert site.call("rollback", "--to", "1.1").code == 0
    assert current(site, "a") == "1.1.r1"
    wrong = site.call("activate", "demo", "7", "--json")
    assert (wrong.code, told(wrong)["status"], told(wrong)["hosts"]) == (5, "error", [])
    assert site.call("activate", "a", "b", "c").code == 2


def test_hosts_that_disagree_are_refused_unless_told(site: Project) -> None:
    shutil.rmtree(site.root / "b/site/demo/releases/1.1.r1")
    assert site.call("activate", "1.0", "--host", "local:b", "--step", "upload").code == 0
    table = site.call("releases").stdout
    assert "the hosts disagree: local:a serve 1.2.r1; local:b serve 1.0.r1" in table
    refused = site.call("rollback")
    assert (refused.code, current(site, "a"), current(site, "b")) == (5, "1.2.r1", "1.0.r1")
    each = told(site.call("rollback", "--each", "--dry-run", "--json"))["hosts"]
    assert [(one["previous"], one["release"]) for one in each] == [("1.2.r1", "1.1.r1"), ("1.0.r1", "1.2.r1")]
    assert site.call("activate", "1.1").code == 5
    assert site.call("rollback", "--to", "1.0").code == 0
    assert (current(site, "a"), current(site, "b")) == ("1.0.r1", "1.0.r1")


def test_a_failing_hook_takes_all_hosts_back(site: Project) -> None:
    hook = 'hooks: {reload: {run: "test $BUILDTOOLS_HOST = nowhere", once: false}}'
    site.replace("pipeline.yaml", "root: site", f"root: site, {hook}")
    failed = site.call("rollback", "--json")
    assert (failed.code, told(failed)["status"]) == (1, "failed"), failed
    assert (current(site, "a"), current(site, "b")) == ("1.2.r1", "1.2.r1")
    log = (site.root / "a/site/demo/.buildtools/log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["event"] not in ("rolled-back", "deployed")


def test_a_lock_is_refused_by_its_owners_name(site: Project) -> None:
    lock = site.root / "b/site/demo/.buildtools/lock"
    lock.symlink_to("20260101T000000Z-00000000|eve|far-away:1.2:beef|4000000000")
    refused = site.call("rollback")
    assert (refused.code, "locked by eve on far-away" in refused.text) == (5, True)
    assert "local:b: locked by eve on far-away" in site.call("releases").stdout
    assert current(site, "a") == "1.2.r1"
    assert site.call("rollback", "--steal-lock").code == 0
    assert current(site, "b") == "1.1.r1"


def test_hosts_over_ssh_and_one_that_is_gone(site: Project, tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", home=site.root / "a")
    try:
        flags = ["--host", server.address, "--root", "site", "--identity", server.key, "--known-hosts"]
        flags.append(server.known_hosts)
        gone = f"{server.user}@127.0.0.1:{free_port()}"
        verified = site.call("releases", "demo", "--verify", *flags)
        assert (verified.code, verified.stdout.count("verified")) == (0, 3)
        both = site.call("releases", "demo", *flags, "--host", gone, "--json")
        assert both.code == 5
        here, there = told(both)["hosts"]
        assert (here["host"], here["current"], here["error"]) == (server.address, "1.2.r1", "")
        assert (there["host"], there["releases"]) == (gone, [])
        assert "nothing answers" in there["error"]
        done = site.call("rollback", "demo", *flags)
        assert done.code == 0, done
        assert (current(site, "a"), current(site, "b")) == ("1.1.r1", "1.2.r1")
        refused = site.call("rollback", "demo", *flags, "--host", gone, "--json")
        assert (refused.code, current(site, "a")) == (5, "1.1.r1")
        known = ["--known-hosts", site.root / "pipeline.yaml"]
        stranger = site.call("releases", "demo", *flags[:-2], *known)
        assert (stranger.code, "host key" in stranger.stderr) == (5, True)
    finally:
        server.stop()


def test_words_are_completed(site: Project) -> None:
    def completed(*words: str) -> list[str]:
        env = {"_BUILDTOOLS_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["buildtools", *words]),
               "COMP_CWORD": str(len(words))}  # fmt: skip
        return [line.partition(",")[2] for line in site.call(env=env).stdout.splitlines()]

    assert completed("rollback", "") == ["demo"]
    assert completed("rollback", "demo", "--to", "1.") == ["1.0.r1", "1.1.r1", "1.2.r1"]
    assert completed("activate", "demo", "1.2") == ["1.2.r1"]
    assert completed("releases", "--step", "u") == ["upload"]
