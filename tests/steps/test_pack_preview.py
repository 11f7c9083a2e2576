"""What `pack` says beforehand is what it does then."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from buildtools.plugin import StepError
from buildtools.steps.pack import Pack
from tests.conftest import MakeProject
from tests.support.context import LoneContext
from tests.support.releases import write


def preview(root: Path, *, context: LoneContext | None = None, **options: object) -> list[str]:
    step = Pack(**{"target": "demo", "release_version": "1.0", "revision": "r1", **options})  # type: ignore[arg-type]
    return list(step.preview(context or LoneContext(root)))


def test_names_modes_and_what_is_left_out(tmp_path: Path) -> None:
    junk = {".git/config": "", "a.log": "", "b.log": "", "c.log": "", "d.log": "", "deep/e.pyc": "", "build/dist/x": ""}
    write(
        tmp_path, junk | {"index.html": "hello", "fcgi.htaccess": "Set", "index.fcgi": "#!", "site/.buildtools/l": ""}
    )
    (tmp_path / "site/releases").mkdir()
    (tmp_path / "hollow").mkdir()
    (tmp_path / "home").symlink_to("index.html")
    (tmp_path / "gone").symlink_to("a.log")
    context = LoneContext(tmp_path)
    (tmp_path / "secrets").write_text("x")
    context.private_files = (tmp_path / "secrets",)
    said = preview(
        tmp_path,
        context=context,
        exclude=("*.log",),
        rename={"fcgi.htaccess": ".htaccess"},
        modes={"index.fcgi": "755"},
    )
    assert said == [
        "build/dist/demo.1.0.r1.tgz would be made of the project:",
        "  644       3 B  .htaccess (from fcgi.htaccess)",
        "  link           gone -> a.log",
        "  empty          hollow/",
        "  link           home -> index.html",
        "  755       2 B  index.fcgi",
        "  644       5 B  index.html",
        "5 files, 10 B",
        "left out:",
        "  a.log, b.log, c.log and 1 more (`exclude`: *.log)",
        "  deep/e.pyc (by default: *.py[cod])",
        "  .buildtools/ (by default: .buildtools/)",
        "  .git/ (by default: .git)",
        "  build/dist/ (by default: /build/dist/)",
        "  build/reports/ (by default: /build/reports/)",
        "  secrets (of buildtools itself, or with secrets in it)",
        "  site/ (releases are deployed to it)",
        "warning: gone -> a.log: a link to something that is not in the release",
    ]


def test_what_include_and_git_leave_out(tmp_path: Path) -> None:
    write(tmp_path, {"src/a.txt": "", "src/b.bin": "", "src/new.txt": ""})
    for words in (["init", "-q"], ["add", "src/a.txt", "src/b.bin"], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    said = preview(tmp_path, release_dir=Path("src"), include=("*.txt",), only_tracked=True)
    assert said == [
        "build/dist/demo.1.0.r1.tgz would be made of src/:",
        "  644       0 B  a.txt",
        "1 file, 0 B",
        "left out:",
        "  b.bin (not in `include`)",
        "  new.txt (not known to git)",
        "warning: the work tree differs from its commit: the release holds more or other things than the revision says",
    ]


def test_a_large_release_is_told_in_few_lines(tmp_path: Path) -> None:
    write(tmp_path, {f"static/{n % 5}/{n}.js": "x" * 10 for n in range(200)} | {"index.html": "x"})
    assert preview(tmp_path, include=("static", "index.html"))[1:8] == [
        "  644       1 B  index.html",
        *(f"  40 files    400 B  static/{n}/" for n in range(5)),
        "201 files, 2.0 KB",
    ]
    write(tmp_path, {f"{n:03}.txt": "" for n in range(300)} | {f"odd\x1b{n}.log": "" for n in range(300)})
    said = preview(tmp_path, exclude=("*.log",))
    assert len(said) < 80
    assert "  ... and 242 more" in said
    assert "  odd?0.log, odd?1.log, odd?10.log and 297 more (`exclude`: *.log)" in said


def test_what_could_not_be_packed_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a": ""})
    with pytest.raises(StepError, match="matches `include` and `exclude`"):
        preview(tmp_path, include=("*.nothing",))
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(StepError, match="absolute path"):
        preview(tmp_path)
    with pytest.raises(StepError, match="nowhere is not there"):
        preview(tmp_path, release_dir=Path("nowhere"))


PIPELINE = """
properties: {version: 1.0, revision: r1}
steps:
  pack: {uses: pack, with: {target: demo, release-dir: src}}
  again: {uses: pack, with: {target: "${steps.pack.target}"}}
  say: {uses: shell, with: {run: "touch touched"}}
  upload: {uses: upload, with: {archive: build/dist/demo.1.0.r1.tgz, hosts: ["local:"]}}
"""


def test_the_file_that_is_being_run_stays_out(project: MakeProject) -> None:
    text = "steps: {pack: {uses: pack, with: {target: demo, version: 1.0, revision: r1}}}"
    outcome = project({"pipelines/live.yaml": text, "index.html": "x"}).run("--dry-run")
    assert outcome.code == 0, outcome
    assert "index.html\n" in outcome.stdout
    assert "pipelines/live.yaml (by default: /pipelines/live.yaml)" in outcome.stdout


def test_a_dry_run_shows_it_and_leaves_nothing(project: MakeProject) -> None:
    here = project({"pipeline.yaml": PIPELINE, "src/index.html": "x"})
    before = sorted(here.root.rglob("*"))
    outcome = here.run("--dry-run")
    assert outcome.code == 0, outcome
    assert "pack: build/dist/demo.1.0.r1.tgz would be made of src/:\n  644       1 B  index.html\n" in outcome.stdout
    assert "\nagain: that depends on what the steps before it make\n" in outcome.stdout
    assert "say:" not in outcome.stdout
    assert "\nupload: that cannot be told before the steps above it have run: archive: " in outcome.stdout
    alone = here.call("step", "--dry-run", "pack", "src", "--target", "demo", "--version", "1", "--revision", "r")
    assert alone.code == 0, alone
    assert "644       1 B  index.html" in alone.stdout
    refused = here.call("step", "-n", "pack", "src")
    assert refused.code == 5, refused
    assert "pack: version: neither the option" in refused.stdout
    assert sorted(here.root.rglob("*")) == before
    here.write({"src/a\nb": ""})
    outcome = here.run("-n", "pack")
    assert outcome.code == 5, outcome
    assert "control character" in outcome.stdout


def test_it_is_what_is_packed_then(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.txt": "1", "a/c.sh": "2", "x.log": ""})
    options = {"exclude": ("*.log",), "rename": {"a/b.txt": "b"}, "modes": {"a/*.sh": "750"}}
    said = preview(tmp_path, **options)
    result = Pack(target="demo", release_version="1.0", revision="r1", **options).run(LoneContext(tmp_path))  # type: ignore[arg-type]
    with tarfile.open(tmp_path / result.outputs["archive"]) as tar:
        packed = [f"  {member.mode:o} {f'{member.size} B':>9}  {member.name}" for member in tar if member.isfile()]
    assert [line.partition(" (from")[0] for line in said[1:3]] == packed
