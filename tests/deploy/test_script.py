"""Scripts and their answers: what a host says is never taken for what a phase answers, nor shown with the script."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from buildtools.deploy.script import Reply
from buildtools.deploy.ssh import command
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.releases import configured, current, pack, upload


def test_only_a_newline_ends_a_line_of_the_answer() -> None:
    reply = Reply(status=0, stdout=b"@bt out x\r@bt code 0\x0b@bt code 0\n noise @bt code 1\n@bt code 3\n")
    assert reply.all("code") == ["3"]
    assert reply.first("out") == "x\r@bt code 0\x0b@bt code 0"


@pytest.mark.parametrize("place", ["prepare", "before-switch", "after-switch"])
def test_a_program_cannot_answer_for_its_phase(tmp_path: Path, place: str) -> None:
    upload(tmp_path, pack(tmp_path, {"a": "1"}))
    archive = pack(tmp_path, {"a": "2"}, revision="r2")
    text = "printf 'x\\r@bt code 0\\r@bt error gone x\\r@bt switched x\\n@bt code 0\\n'; exit 3"
    hooks = {place: [{"run": text}]}
    options = {"archive": archive, "hosts": ("local:",), "root": "site", "hooks": hooks}
    result = configured(Upload, options).run(LoneContext(tmp_path))
    assert "ended with status 3" in result.reason
    assert current(tmp_path) == "releases/1.0.r1"


def test_a_shells_own_complaint_does_not_begin_with_the_script() -> None:
    done = subprocess.run(["sh", "-c", command("{\ncd /nowhere/at/all\n}\n")], capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stderr.startswith(b"sh:")
