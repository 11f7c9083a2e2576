"""The step `upload`: its options, and what it hands on. Deploying itself is tested in `tests/deploy`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from buildtools.plugin import Kind, StepError
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.releases import configured, content, current, pack, upload


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"hosts": []}, "hosts"), ({"hosts": ["a", "a"]}, "hosts"), ({"hosts": ["-x"]}, "hosts"),
        ({"root": "~/x"}, "root"), ({"root": "../x"}, "root"), ({"shared": ["../x"]}, "shared"),
        ({"shared": ["a/", "a"]}, "shared"), ({"shared": ["x/", "x/y"]}, "shared"),
        ({"shared": ["/a"]}, "shared"), ({"timeout": 3600.0}, "lock-expiry"),
        ({"hooks": {"reload": [{"run": "x", "timeout": 901.0}]}}, "hooks"),
        ({"timeout": 0.0}, "timeout"), ({"connect-timeout": 0.0}, "connect-timeout"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused_at_load(options: dict[str, Any], field: str) -> None:
    step = configured(Upload, {"archive": "a.tgz", "hosts": ["local:"], **options})
    assert [name for name, _ in step.check_options()] == [field]


@pytest.mark.parametrize("options", [{"host-key": "off"}, {"keep": 0}, {"canary": 1}, {"hosts": "x"}])
def test_options_of_the_wrong_type_or_name_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        configured(Upload, {"archive": "a.tgz", "hosts": ["local:"], **options})


def test_good_options_pass() -> None:
    step = configured(Upload, {"archive": "a.tgz", "hosts": ["d@web:22"], "shared": [".env", "media/"]})
    assert not list(step.check_options())
    assert step.effective_kind() is Kind.ACTION
    assert [tool.name for tool in step.tools(Path(), {})] == ["paramiko"]
    assert not list(msgspec.structs.replace(step, hosts=("local:",)).tools(Path(), {}))


def test_one_host_twice_is_refused_at_run_too(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="hosts: names one host twice"):
        upload(tmp_path, pack(tmp_path, {"a": "1"}), hosts=("local:", "local:"))


def test_an_archive_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"nothing\.tgz is not there"):
        upload(tmp_path, Path("nothing.tgz"))
    (tmp_path / "a.zip").write_text("")
    with pytest.raises(StepError, match=r"is no TARGET\.VERSION\.REVISION\.tgz"):
        upload(tmp_path, Path("a.zip"))


def test_paths_start_at_the_project_and_archives_also_at_the_steps_folder(tmp_path: Path) -> None:
    archive = pack(tmp_path, {"a": "1"})
    context = LoneContext(tmp_path)
    context.workdir = tmp_path / "sub"
    context.workdir.mkdir()
    upload(tmp_path, archive.relative_to(tmp_path), context=context)
    assert content(tmp_path / "site/demo/current") == {"a": "1"}
    upload(tmp_path, archive, hosts=("local:else where",))
    assert content(tmp_path / "else where/site/demo/current") == {"a": "1"}
    upload(tmp_path, archive, root=str(tmp_path / "absolute"))
    assert content(tmp_path / "absolute/demo/current") == {"a": "1"}


def test_a_password_is_warned_of(tmp_path: Path) -> None:
    archive = pack(tmp_path, {"a": "1"})
    context = LoneContext(tmp_path)
    upload(tmp_path, archive, context=context, password="secret")
    assert any("a key is safer" in text for text in context.warnings)
    assert not any("secret" in text for text in context.shown)


def test_a_link_that_cannot_be_moved_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "site/demo/1.0").mkdir(parents=True)
    context = LoneContext(tmp_path)
    upload(tmp_path, pack(tmp_path, {"a": "1"}), context=context)
    assert context.warnings == ["local: 1.0 is not a link and stays as it is"]
    assert current(tmp_path) == "releases/1.0.r1"


@pytest.mark.parametrize("umask", [0o077, 0o002])
def test_modes_do_not_depend_on_the_hosts_umask(tmp_path: Path, umask: int) -> None:
    archive = pack(tmp_path, {"sub/index.html": "x"})
    code = "import sys, pathlib, tests.support.releases as r; r.upload(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(archive)],
        cwd=Path(__file__).parents[2], check=True, umask=umask,
    )  # fmt: skip
    modes = {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o777 for path in (tmp_path / "site").rglob("*")}
    served = "site/demo/releases/1.0.r1"
    assert (modes[served], modes[f"{served}/sub"], modes[f"{served}/sub/index.html"]) == (0o755, 0o755, 0o644)
    assert (modes["site/demo"], modes["site/demo/releases"], modes["site/demo/.buildtools"]) == (0o755, 0o755, 0o700)
