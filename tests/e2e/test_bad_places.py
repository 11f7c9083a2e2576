"""Folders and disks that are gone, full or in the way: a clear message, the right code, nothing else lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import (
    FINE,
    GOOD_AND_BAD,
    by_shell,
    clear,
    reported,
    without_rights,
)
from tests.support.project import Project


@pytest.fixture
def tiny_disk(project: MakeProject) -> Iterator[Project]:
    """A project on a file system of 256 KiB."""
    made = project()
    done = None
    if shutil.which("mount") and not os.geteuid():
        argv = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(made.root)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done is None or done.returncode:
        pytest.skip(f"no small file system can be mounted: {done.stderr.strip() if done else 'not root'}")
    try:
        yield made
    finally:
        subprocess.run(["umount", "--lazy", str(made.root)], check=True)


def test_a_disk_that_fills_up_during_the_run(tiny_disk: Project) -> None:
    text = """\
        steps:
          flood: {uses: shell, with: {run: 'head -c 3000000 /dev/zero | tr "\\0" x | fold'}}
          after: {uses: shell, with: {run: echo after}}
        """
    said = tiny_disk.write({"pipeline.yaml": text}).run()
    clear(said, 5, "problem: ", "No space left on device", "passed     flood", "passed     after", "(exit 5)")
    assert "junit.xml: the junit report could not be written: No space left on device" in said.stdout
    names = [path.name for path in (tiny_disk.root / "build/reports").iterdir()]
    assert names == [], "neither half a report nor a temporary file"


def test_a_disk_that_is_full_from_the_start(tiny_disk: Project, tmp_path: Path) -> None:
    tiny_disk.write({"pipeline.yaml": FINE})
    with suppress(OSError):
        (tiny_disk.root / "filler").write_bytes(bytes(300_000))
    for command in (("run",), ("step", "shell", "echo fine")):
        said = tiny_disk.call(*command)
        clear(said, 5, "fine\n", "the run's record cannot be written: No space left on device", "1 passed")
    said = tiny_disk.run("--junit", str(tmp_path / "elsewhere.xml"))
    clear(said, 5)
    assert "a" in {suite.get("name") for suite in ET.parse(tmp_path / "elsewhere.xml").getroot()}


def test_a_file_where_the_reports_go(project: MakeProject) -> None:
    said = project({"pipeline.yaml": FINE, "build/reports": "a file"}).run()
    clear(said, 5, "fine\n", "junit.xml: the junit report could not be written: ", "build/reports is in the way")
    (record,) = (said.project.root / ".buildtools/runs").glob("*/run.json")
    assert json.loads(record.read_text())["exit_code"] == 5
    elsewhere = said.project.run("--reports", "other")
    clear(elsewhere, 0)
    assert (said.project.root / "other/junit.xml").is_file()


def test_a_reports_folder_without_rights(project: MakeProject) -> None:
    made = project({"pipeline.yaml": GOOD_AND_BAD, "build/reports/keep": ""})
    (made.root / "build/reports").chmod(0o555)
    said = without_rights(made, "run")
    clear(said, 5, "junit.xml: the junit report could not be written: Permission denied", "--reports", "1 failed")
    (made.root / "build/reports").chmod(0o755)
    assert [path.name for path in (made.root / "build/reports").iterdir()] == ["keep"]


def test_a_report_asked_for_that_cannot_be_written(project: MakeProject) -> None:
    said = project({"pipeline.yaml": FINE}).run("--junit", "/dev/null/x.xml")
    clear(said, 5, "the junit report could not be written")
    assert said.junit.get("tests") == "1", "the usual one is written all the same"


@pytest.mark.parametrize(("path", "what"), [("build/here/", "a folder"), ("pipe", "no regular file")])
def test_a_report_asked_for_in_the_place_of_what_is_no_file(project: MakeProject, path: str, what: str) -> None:
    made = project({"pipeline.yaml": FINE, "build/here/keep": ""})
    os.mkfifo(made.root / "pipe")
    for words in (("run",), ("step", "--junit", path, "shell", "echo fine")):
        said = made.call(*words, *(("--junit", path) if words == ("run",) else ()))
        clear(said, 2, f"{path.strip('/')}: the junit report cannot be written there: it is {what}", "another path")
        assert "fine" not in said.stdout
    assert (made.root / "pipe").is_fifo()


def test_a_file_where_the_record_goes(project: MakeProject) -> None:
    said = project({"pipeline.yaml": FINE, ".buildtools": "a file"}).run()
    clear(said, 5, "fine\n", ".buildtools: the run's record cannot be written")
    assert next(suite.get("name") for suite in said.junit) == "a"
    assert said.junit.get("errors") == "1", "so that a CI system that looks at this file alone does not see green"


@pytest.mark.parametrize(
    "words", [("run",), ("run", "-f", "{root}/pipeline.yaml"), ("list",), ("validate",), ("step", "shell", "true"),
              ("plugins",), ("doctor",)], ids=" ".join)  # fmt: skip
def test_a_current_folder_that_is_gone(project: MakeProject, words: tuple[str, ...]) -> None:
    made = project({"pipeline.yaml": FINE})
    typed = (word.format(root=made.root) for word in words)
    said = by_shell(made, 'mkdir gone; cd gone; rmdir ../gone; "$@"', *typed)
    clear(said, 2, "error: the current folder is not there any more", "-C DIR")
    assert len(said.stderr.splitlines()) == 2
    assert said.stdout == ""


@pytest.mark.parametrize("words", [("-C", "{root}", "run"), ("run", "-C", "{root}")], ids=["before", "behind"])
def test_a_current_folder_that_is_gone_with_another_named(project: MakeProject, words: tuple[str, ...]) -> None:
    made = project({"pipeline.yaml": FINE})
    said = by_shell(made, 'mkdir gone; cd gone; rmdir ../gone; "$@"', *(word.format(root=made.root) for word in words))
    clear(said, 0, "fine\n")


def test_a_project_that_a_step_removes(project: MakeProject) -> None:
    text = """\
        steps:
          good: {uses: shell, with: {run: echo well}}
          rm: {uses: shell, with: {run: rm -rf "$PWD"; echo gone}}
          after: {uses: shell, with: {run: echo after}}
        """
    said = project({"pipeline.yaml": text}).run("-k")
    clear(said, 5, "well\n", "gone\n", "the working folder is not there", "2 passed, 1 error")


def test_a_working_folder_that_is_not_there(project: MakeProject) -> None:
    text = "steps: {a: {uses: shell, cwd: no/such, with: {run: 'true'}}}"
    said = project({"pipeline.yaml": text}).run()
    clear(said, 5, "no/such: the working folder is not there", "`cwd`")
    reported(said, a="error")
