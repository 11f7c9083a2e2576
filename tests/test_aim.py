"""What `releases`, `activate` and `rollback` aim at, from a pipeline file and from flags."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from buildtools.aim import Aim, aim_by_file, aim_by_flags, pack_step, packed, targets
from buildtools.core.errors import InvalidPipeline, UsageProblem
from buildtools.pipeline.load import load
from buildtools.pipeline.model import Pipeline

FILE = """
properties: {site: web1.example.org}
steps:
  pack:
    uses: pack
    with: {target: demo, version: "1.0"}
  upload:
    uses: upload
    env: {A: b}
    with:
      archive: ${steps.pack.archive}
      hosts: ["deploy@${site}", "deploy@web2.example.org:2222"]
      root: sites
      identity: key
      password: ${secret.DEPLOY}
"""


def loaded(folder: Path, text: str = FILE, env: Mapping[str, str] | None = None) -> Pipeline:
    (folder / "pipeline.yaml").write_text(text)
    around = {**os.environ, "DEPLOY": "hunter22", **(env or {})}
    return load(folder / "pipeline.yaml", properties={}, env=around)


def aim(folder: Path, text: str = FILE, *, step: str | None = None, target: str | None = None, **given: Any) -> Aim:
    return aim_by_file(loaded(folder, text), step, target, {name.replace("_", "-"): v for name, v in given.items()})


def test_hosts_and_target_come_from_the_file(tmp_path: Path) -> None:
    found = aim(tmp_path)
    assert (found.target, found.upload.root, found.env) == ("demo", "sites", {"A": "b"})
    assert found.upload.hosts == ("deploy@web1.example.org", "deploy@web2.example.org:2222")
    assert (found.upload.password, "hunter22" in found.pipeline.secrets) == ("hunter22", True)
    assert aim(tmp_path, target="other").target == "other"
    with pytest.raises(UsageProblem, match="target: '' is not a usable name"):
        aim(tmp_path, target="")
    with pytest.raises(UsageProblem, match="no step called '' deploys"):
        aim(tmp_path, step="")


def test_flags_are_laid_over_the_file(tmp_path: Path) -> None:
    found = aim(tmp_path, hosts=["local:x"], root="elsewhere", connect_timeout="1m", pool="3")
    assert (found.upload.hosts, found.upload.root, found.upload.pool) == (("local:x",), "elsewhere", 3)
    assert (found.upload.connect_timeout, found.upload.identity) == (60.0, (Path("key"),))


def test_flags_alone_need_no_file(tmp_path: Path) -> None:
    found = aim_by_flags(tmp_path, "demo", {"hosts": ["local:"], "passphrase": "open sesame"}, ["open sesame"])
    assert (found.upload.hosts, found.upload.root) == (("local:",), "public_html")
    assert (found.pipeline.root, found.pipeline.secrets) == (tmp_path, ("open sesame",))
    with pytest.raises(UsageProblem, match="no target is named"):
        aim_by_flags(tmp_path, None, {"hosts": ["local:"]})
    with pytest.raises(UsageProblem, match="target: '' is not a usable name"):
        aim_by_flags(tmp_path, "", {"hosts": ["local:"]})
    with pytest.raises(InvalidPipeline, match="is no host"):
        aim_by_flags(tmp_path, "demo", {"hosts": ["-x"]})
    with pytest.raises(UsageProblem, match=r"target: '\.\./x' is not a usable name"):
        aim_by_flags(tmp_path, "../x", {"hosts": ["local:"]})


def test_one_of_several_steps_is_named(tmp_path: Path) -> None:
    text = """
steps:
  one: {uses: upload, with: {archive: a.tgz, hosts: ["local:1"]}}
  two: {uses: upload, with: {archive: a.tgz, hosts: ["local:2"]}}
  each:
    uses: upload
    matrix: {host: [a, b]}
    with: {archive: a.tgz, hosts: ["local:${matrix.host}"]}
"""
    assert aim(tmp_path, text, step="two", target="demo").upload.hosts == ("local:2",)
    assert aim(tmp_path, text, step="each[host=b]", target="demo").upload.hosts == ("local:b",)
    with pytest.raises(UsageProblem, match=r"several steps deploy: one, two, each\[host=a\], each\[host=b\]"):
        aim(tmp_path, text, target="demo")
    with pytest.raises(UsageProblem, match=r"several steps deploy: each\[host=a\], each\[host=b\]"):
        aim(tmp_path, text, step="each", target="demo")
    with pytest.raises(UsageProblem, match=r"no step called 'tow' deploys\. Did you mean 'two'"):
        aim(tmp_path, text, step="tow", target="demo")
    with pytest.raises(UsageProblem, match="no target is named, and no step `pack`"):
        aim(tmp_path, text, step="one")


def test_what_only_a_run_knows_must_be_said(tmp_path: Path) -> None:
    text = FILE.replace("root: sites", "root: sites/${steps.pack.version}")
    with pytest.raises(UsageProblem, match="takes its option `root` from another step"):
        aim(tmp_path, text)
    assert aim(tmp_path, text, root="sites").upload.root == "sites"


def test_a_secret_that_is_not_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidPipeline, match="DEPLOY"):
        aim_by_file(loaded(tmp_path, env={"DEPLOY": ""}), None, None, {})


def test_a_file_that_deploys_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no step of it deploys"):
        aim(tmp_path, "steps: {a: {uses: shell, with: {run: ls}}}")


def test_targets_are_those_of_the_steps_that_pack(tmp_path: Path) -> None:
    assert targets(loaded(tmp_path)) == ["demo"]
    two = "steps: {a: {uses: pack, with: {target: x}}, b: {uses: pack}}"
    assert targets(loaded(tmp_path, "properties: {target: y}\n" + two)) == ["x", "y"]
    assert targets(loaded(tmp_path, two)) == ["x", tmp_path.name]
    with pytest.raises(UsageProblem, match="there are several: demo, x"):
        aim(tmp_path, FILE + "  again: {uses: pack, with: {target: x}}\n")
    with pytest.raises(UsageProblem, match="several steps pack: a, b"):
        pack_step(loaded(tmp_path, two))


def test_what_was_packed_is_known_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "build/dist"
    folder.mkdir(parents=True)
    for name in ("demo.1.0.r1", "demo.1.1.r2", "other.1.0.r1"):
        (folder / f"{name}.manifest.json").write_text("{}")
    assert packed(loaded(tmp_path), "demo") == ["1.0.r1", "1.1.r2"]
