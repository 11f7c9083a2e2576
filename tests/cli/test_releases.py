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


def kept(site: Project, at: int = -1) -> dict[str, str]:
    """Return the outputs of a run as its record has them, by default the last one's."""
    runs = sorted((site.root / ".buildtools/runs").iterdir())
    outputs: dict[str, str] = json.loads((runs[at] / "run.json").read_text())["steps"][0]["result"]["outputs"]
    return outputs


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


def test_what_was_changed_on_a_host_is_mended_as_the_remedy_says(site: Project) -> None:
    remedy = "pack the same files under another revision and deploy that"
    assert remedy not in site.call("releases", "--verify").stdout
    (site.root / "a/site/demo/releases/1.2.r1/index.html").write_text("spoilt")
    spoilt = site.call("releases", "--verify")
    assert (spoilt.code, remedy in spoilt.stdout) == (1, True)
    assert remedy in told(site.call("releases", "--verify", "--json"))["remedy"]
    same = {"index.html": "1.2", "static/a.css": "a {}"}
    upload(site.root, pack(site.root, same, version="1.2", revision="r2"), hosts=("local:a", "local:b"))
    assert (site.root / "a/site/demo/current/index.html").read_text() == "1.2"
    found = told(site.call("releases", "--verify", "--json"))["hosts"][0]["releases"]
    assert [held["drift"]["verdict"] for held in found if held["current"]] == ["same"]


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
    done = kept(site, -2)
    assert (done["release"], '"event":"rolled-back"' in done["log"]) == ("1.0.r1", True)


def test_a_refusal_says_what_was_wanted_and_why_not_on_each_host(site: Project) -> None:
    shutil.rmtree(site.root / "b/site/demo/releases/1.0.r1")
    for wanted, reasons in ("1.0", {"a": "local:b", "b": "local:b"}), ("9", {"a": "local:a", "b": "local:b"}):
        assert site.call("activate", wanted).code == 5
        lines = [json.loads(line) for line in kept(site)["log"].splitlines()]
        told = {line["host"]: (line["event"], line["release"], line["reason"]) for line in lines}
        assert told == {
            f"local:{host}": ("refused", wanted, f"{about}: no release {wanted} there")
            for host, about in reasons.items()
        }
        written = json.loads((site.root / "b/site/demo/.buildtools/log.jsonl").read_text().splitlines()[-1])
        assert (written["release"], written["reason"]) == (wanted, f"local:b: no release {wanted} there")


def test_a_dry_run_changes_nothing(site: Project) -> None:
    before = {path: path.lstat().st_mtime_ns for path in (site.root / "a").rglob("*")}
    outcome = site.call("rollback", "--dry-run")
    assert (outcome.code, outcome.stdout) == (0, "local:a: 1.2.r1 -> 1.1.r1\nlocal:b: 1.2.r1 -> 1.1.r1\n")
    found = told(site.call("activate", "1.0", "-n", "--json"))
    assert (found["dry_run"], found["hosts"][0]) == (
        True, {"host": "local:a", "release": "1.0.r1", "previous": "1.2.r1", "switched": True},
    )  # fmt: skip
    assert before == {path: path.lstat().st_mtime_ns for path in (site.root / "a").rglob("*")}


@pytest.mark.parametrize(
    "words",
    [
        ["activate", ""], ["activate", "demo", ""], ["activate", "", "1.0"], ["rollback", "--to", ""], ["rollback", ""],
        ["rollback", "--root", ""], ["activate", "1.0", "--step="], ["releases", "--pin", ""], ["releases", ""],
    ],
)  # fmt: skip
def test_what_is_empty_is_not_taken_for_what_was_not_said(site: Project, words: list[str]) -> None:
    outcome = site.call(*words)
    assert (outcome.code, "is empty" in outcome.stderr) == (2, True), outcome
    assert [current(site, host) for host in "ab"] == ["1.2.r1"] * 2


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
    assert "the hosts disagree: local:a serves 1.2.r1; local:b serves 1.0.r1" in table
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
    for words in ("rollback",), ("rollback", "--dry-run"), ("activate", "1.0", "--dry-run"):
        refused = site.call(*words)
        assert (refused.code, "locked by eve on far-away" in refused.text) == (5, True)
        assert "by --steal-lock of `rollback`" in refused.text
        answer = site.call(*words, "--json")
        found = told(answer)
        assert (answer.code, found["status"], found["dry_run"]) == (5, "error", "--dry-run" in words)
        assert "locked by eve on far-away" in found["error"]
    assert site.call("rollback", "--dry-run", "--steal-lock").code == 0
    assert "local:b: locked by eve on far-away" in site.call("releases").stdout
    assert current(site, "a") == "1.2.r1"
    assert site.call("rollback", "--steal-lock").code == 0
    assert current(site, "b") == "1.1.r1"


def test_the_log_names_whoever_had_a_lock(site: Project) -> None:
    for host in "ab":
        lock = site.root / f"{host}/site/demo/.buildtools/lock"
        lock.symlink_to("20260101T000000Z-00000000|eve|far-away:1.2:beef|4000000000")
    site.call("rollback")
    site.call("rollback", "--steal-lock")
    lines = site.call("releases", "--log", "3").stdout.splitlines()
    whose = "eve on far-away (transaction 20260101T000000Z-00000000)"
    assert [line.partition(", ")[2].rpartition(f" {whose}")[0] for line in lines if whose in line] == [
        "from 1.2.r1, locked by", "from 1.2.r1, the lock of", "from 1.2.r1, the lock of",
    ]  # fmt: skip
    assert "|" not in "".join(lines)


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
        refused = site.call("rollback", "demo", "--to", "1.0", *flags, "--host", gone, "--json")
        assert (refused.code, current(site, "a")) == (5, "1.1.r1")
        assert told(refused)["status"] == "error"
        noted = kept(site)["log"].splitlines()
        assert [(line["host"], line["event"], line["release"]) for line in map(json.loads, noted)] == [
            (gone, "refused", "1.0"),
        ]  # fmt: skip
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
