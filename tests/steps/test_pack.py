"""The step `pack`: what goes in, under which name and mode, with which bytes, and what is refused."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import socket
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from buildtools.deploy import archive as archives
from buildtools.deploy.manifest import decode
from buildtools.deploy.reuse import Known
from buildtools.deploy.selection import Rules, select
from buildtools.pipeline.find import NAMES
from buildtools.plugin import Cancelled, Cause, Kind, Status, StepError, StepResult
from buildtools.steps.pack import Pack
from buildtools.system.replace import replacing
from tests.support.context import LoneContext
from tests.support.releases import configured, names, write

TREE = {"index.html": "hello", "app/views.py": "x = 1\n", "app/empty.txt": "", "fcgi.htaccess": "SetHandler\n"}


def pack(root: Path, context: LoneContext | None = None, **options: Any) -> StepResult:
    names = {"target": "demo", "release_version": "1.0", "revision": "r1"}
    return Pack(**{**names, **options}).run(context or LoneContext(root))


def members(root: Path, result: StepResult) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(root / result.outputs["archive"]) as tar:
        return {member.name: member for member in tar}


def test_an_archive_and_its_manifest(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    result = pack(tmp_path)
    assert result.status is Status.PASSED
    assert result.outputs["archive"] == "build/dist/demo.1.0.r1.tgz"
    path = tmp_path / result.outputs["archive"]
    data = path.read_bytes()
    manifest = decode((tmp_path / result.outputs["manifest"]).read_bytes(), "x")
    assert manifest.archive_size == len(data) == result.artifacts[0].size
    assert manifest.archive_sha256 == result.outputs["sha256"] == result.artifacts[0].sha256
    assert [entry.path for entry in manifest.entries] == [
        "app",
        "app/empty.txt",
        "app/views.py",
        "fcgi.htaccess",
        "index.html",
    ]
    assert {metric.name: metric.value for metric in result.metrics} == {"archive size": len(data), "files": 4}
    assert data[:4] == b"\x1f\x8b\x08\x04"  # no name, no comment; one extra field, the length
    assert data[4:8] == b"\0\0\0\0"  # no time
    for member in members(tmp_path, result).values():
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        assert member.mtime == 315_532_800
        assert member.mode == (0o755 if member.isdir() else 0o644)
    assert names(path.parent) == ["demo.1.0.r1.manifest.json", "demo.1.0.r1.tgz"]
    out = subprocess.run(
        ["tar", "-xzf", str(path), "-C", str(tmp_path / "build"), "-v"], capture_output=True, check=True
    )
    assert out.stderr == b""
    assert (tmp_path / "build/app/views.py").read_text() == TREE["app/views.py"]


def test_defaults_come_from_properties_and_git(tmp_path: Path) -> None:
    root = tmp_path / "webapp"
    write(root, {"a": "1"})
    context = LoneContext(root)
    with pytest.raises(StepError, match="version: neither"):
        Pack().run(context)
    context.properties = {"version": "daily"}
    with pytest.raises(StepError, match=r"revision: neither.*no git commit"):
        Pack().run(context)
    for words in (["init", "-q"], ["add", "a"], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    short = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
    write(root, {".gitignore": "build\n.buildtools\n", "b": "new"})
    result = Pack().run(context)
    assert result.outputs["archive"] == f"build/dist/webapp.daily.{short}.tgz"
    assert any("differs from its commit" in text for text in context.warnings)
    manifest = decode((root / result.outputs["manifest"]).read_bytes(), "x")
    assert (manifest.dirty, manifest.epoch) == (True, 315_532_800)
    assert [entry.path for entry in manifest.entries] == [".gitignore", "a", "b"]
    tracked = Pack(only_tracked=True).run(context)
    assert list(members(root, tracked)) == ["a"]
    context.properties = {"version": "1", "target": "shop", "revision": "x7"}
    assert Pack().run(context).outputs["archive"] == "build/dist/shop.1.x7.tgz"
    assert Pack(release_version="2").run(context).outputs["version"] == "2"


def test_a_version_that_comes_from_elsewhere_is_checked_too(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    context = LoneContext(tmp_path)
    context.properties = {"version": "../../x", "target": "demo", "revision": "r"}
    with pytest.raises(StepError, match=r"version: '../../x' is not a usable name"):
        Pack().run(context)


def test_what_no_site_needs_stays_out(tmp_path: Path) -> None:
    junk = (
        ".git/config", ".venv/bin/python", "app/__pycache__/views.pyc", "a.pyc", ".coverage", ".buildtools/runs/1/log",
        "build/dist/old.tgz", "build/reports/junit.xml", "build/site/demo/releases/1/x",
        "build/site/demo/.buildtools/lock", "pipeline.local.yaml", ".mypy_cache/x",
        "pipeline.yaml", "fabfile.py", "fabric.yaml",
    )  # fmt: skip
    write(tmp_path, TREE | dict.fromkeys(junk, "junk") | {"build/static/app.js": "kept"})
    packed = members(tmp_path, pack(tmp_path))
    assert {name for name, member in packed.items() if member.isfile()} == {*TREE, "build/static/app.js"}
    again = members(tmp_path, pack(tmp_path, exclude=("!.coverage", "/app", "*.html"), archive_dir=Path("out")))
    assert {name for name, member in again.items() if member.isfile()} == {
        "fcgi.htaccess",
        "build/static/app.js",
        ".coverage",
    }
    third = members(tmp_path, pack(tmp_path, include=("/app", "*.html"), exclude=("empty.*", "/out", "/build")))
    assert set(third) == {"app", "app/views.py", "index.html"}


def test_empty_folders_are_packed(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    (tmp_path / "var/run").mkdir(parents=True)
    assert members(tmp_path, pack(tmp_path))["var/run"].isdir()


def test_rename_and_modes(tmp_path: Path) -> None:
    write(tmp_path, TREE | {"index.fcgi": "#!", "bin/a.sh": "", "bin/b.sh": "", "tool": ""})
    (tmp_path / "tool").chmod(0o4775)
    (tmp_path / "index.html").chmod(0o600)
    result = pack(
        tmp_path,
        rename={"fcgi.htaccess": ".htaccess", "app": "lib/app", "app/empty.txt": "empty"},
        modes={"index.fcgi": "755", "bin/*.sh": "0750", "bin/b.sh": "700"},
    )
    found = {name: f"{member.mode:o}" for name, member in members(tmp_path, result).items() if member.isfile()}
    assert found == {
        ".htaccess": "644", "lib/app/views.py": "644", "empty": "644", "index.html": "644", "index.fcgi": "755",
        "bin/a.sh": "750", "bin/b.sh": "700", "tool": "755",
    }  # fmt: skip
    assert "app" not in members(tmp_path, result)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rename": {"fcgi.htacess": ".htaccess"}}, "rename: 'fcgi.htacess' is not among.*mean 'fcgi.htaccess'"),
        ({"rename": {"fcgi.htaccess": "index.html"}}, "would both become 'index.html'"),
        ({"rename": {"fcgi.htaccess": "app"}}, "would become 'app', in which"),
        ({"modes": {"index.fcgi": "755"}}, "modes: 'index.fcgi' is not among"),
        ({"modes": {"*.cgi": "755"}}, r"modes: '\*\.cgi' is not among"),
        ({"release_dir": Path("nowhere")}, "nowhere is not there"),
        ({"release_dir": Path("index.html")}, "is not a folder"),
        ({"archive_dir": Path()}, "must be another folder"),
        ({"only_tracked": True}, "is in no git repository"),
    ],
)
def test_rules_without_effect_are_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    write(tmp_path, TREE)
    with pytest.raises(StepError, match=message):
        pack(tmp_path, **options)
    assert not list(tmp_path.rglob("*.tgz*"))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"version": "a b"}, "version"), ({"target": "current"}, "target"), ({"revision": "-x"}, "revision"),
        ({"rename": {"a": "../b"}}, "rename"), ({"rename": {"/a": "b"}}, "rename"), ({"modes": {"a": "rwx"}}, "modes"),
        ({"modes": {"a": "4755"}}, "modes"), ({"modes": {"a": "000"}}, "modes"), ({"exclude": ["!"]}, "exclude"),
        ({"include": ["!"]}, "include"), ({"rename": {"a": ".buildtools/x"}}, "rename"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused_at_load(options: dict[str, Any], field: str) -> None:
    assert [name for name, _ in configured(Pack, options).check_options()] == [field]


def test_good_options_pass() -> None:
    options = {"version": "1.0", "release-dir": ".", "modes": {"a": "0755"}, "exclude": ["!.env", "*.log"]}
    step = configured(Pack, options)
    assert not list(step.check_options())
    assert step.effective_kind() is Kind.ACTION
    assert {tool.name for tool in step.tools(Path(), {})} == {"isal"}


def test_an_empty_release_is_an_error_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    result = pack(tmp_path, include=("*.nothing",))
    assert (result.status, result.cause, int(result.exit_code)) == (Status.ERROR, Cause.EMPTY, 4)
    assert "matches `include` and `exclude`" in result.reason


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("out", "../elsewhere", "leaves the release"),
        ("abs", "/etc/passwd", "absolute path"),
        ("app/back", "../inner/..", "leaves the release"),  # by its text it stays inside
        ("line\nend", "index.html", "control character"),
        ("odd\udcff", "index.html", "not UTF-8"),
    ],
)
def test_links_and_names_that_no_release_can_have(tmp_path: Path, name: str, target: str, message: str) -> None:
    root = tmp_path / "project"
    write(root, TREE)
    (root / "inner").symlink_to(".")
    (root / name).symlink_to(target)
    with pytest.raises(StepError, match=message):
        pack(root)
    pack(root, exclude=("out", "abs", "app/back", "line*", "odd*"))


def test_links_inside_are_kept_and_dangling_ones_are_told(tmp_path: Path) -> None:
    write(tmp_path, TREE | {"skip/me": ""})
    for name, target in {"home": "index.html", "app/up": "..", "gone": "skip/me", "never": "nowhere"}.items():
        (tmp_path / name).symlink_to(target)
    context = LoneContext(tmp_path)
    found = members(tmp_path, pack(tmp_path, context, exclude=("skip",)))
    assert {name: member.linkname for name, member in found.items() if member.issym()} == {
        "home": "index.html", "app/up": "..", "gone": "skip/me", "never": "nowhere",
    }  # fmt: skip
    assert [text.partition(":")[0] for text in context.warnings] == ["gone -> skip/me", "never -> nowhere"]


def test_what_is_neither_file_nor_link_nor_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, TREE)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StepError, match="is a FIFO"):
        pack(tmp_path)
    monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("talk")
        with pytest.raises(StepError, match="is a socket"):
            pack(tmp_path, exclude=("pipe",))
    pack(tmp_path, exclude=("pipe", "talk"))
    try:
        os.mknod(tmp_path / "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        return  # only root makes devices
    with pytest.raises(StepError, match="is a device"):
        pack(tmp_path, exclude=("pipe", "talk"))


@pytest.mark.parametrize("name", ["index.html", "app"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, TREE)
    (tmp_path / name).chmod(0)
    try:
        with contextlib.suppress(PermissionError):
            os.close(os.open(tmp_path / name, os.O_RDONLY))
            pytest.skip("this account may read everything")
        with pytest.raises(StepError, match=f"{name}: cannot be read: Permission denied"):
            pack(tmp_path)
    finally:
        (tmp_path / name).chmod(0o755)


SCRIPT = """
import sys
from pathlib import Path
from buildtools.steps.pack import Pack
from buildtools.system.replace import replacing
from tests.support.context import LoneContext
root = Path(sys.argv[1])
print(Pack(target="demo", release_version="1.0", revision="r1").run(LoneContext(root)).outputs["sha256"])
"""


@pytest.mark.parametrize("fallback", [False, True], ids=["isal", "zlib"])
def test_the_same_tree_gives_the_same_bytes_everywhere(tmp_path: Path, fallback: bool) -> None:
    choose = random.Random(1)
    files = {f"d{n % 7}/f{n}": choose.randbytes(n * 97).hex() for n in range(60)} | {
        "büro/ä.txt": "ü",
        "x" * 120: "long",
    }
    sums = set()
    code = "import sys; sys.modules['isal'] = None\n" * fallback + SCRIPT
    for umask, zone, order in ((0o022, "UTC", 1), (0o077, "Pacific/Chatham", -1)):
        root = tmp_path / zone.replace("/", "-") / ("somewhere" * order)
        names = sorted(files)[::order]
        old = os.umask(umask)
        try:
            write(root, {name: files[name] for name in names})
            (root / "link").symlink_to("d1/f1")
        finally:
            os.umask(old)
        os.utime(root / "d1/f1", (order * 1e6, 1e9))
        done = subprocess.run(
            [sys.executable, "-c", code, str(root)],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, umask=umask,
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": str(order + 1), "LC_ALL": "C" if order > 0 else "C.UTF-8"},
        )  # fmt: skip
        sums.add(done.stdout.strip())
        manifest = json.loads((root / "build/dist/demo.1.0.r1.manifest.json").read_bytes())
        assert manifest["compressor"].startswith("zlib" if fallback else "isal")
    assert len(sums) == 1


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"big": random.Random(2).randbytes(3_000_000).hex(), "small": "x"})
    chosen = select(Rules(folder=tmp_path)).members
    sums = set()
    for threads in (1, 2, 4):
        load = archives.Load(members=chosen, epoch=5, threads=threads)
        sums.add(archives.write_archive(load, tmp_path / f"{threads}.tgz", Known(), lambda _: None).sha256)
    assert len(sums) == 1


def test_source_date_epoch(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    result = pack(tmp_path, LoneContext(tmp_path, env={"SOURCE_DATE_EPOCH": "1234567890"}))
    assert {member.mtime for member in members(tmp_path, result).values()} == {1234567890}
    with pytest.raises(StepError, match="SOURCE_DATE_EPOCH: 'now' is no number"):
        pack(tmp_path, LoneContext(tmp_path, env={"SOURCE_DATE_EPOCH": "now"}))


def test_a_missing_isal_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, TREE)
    monkeypatch.setitem(sys.modules, "isal", None)
    context = LoneContext(tmp_path)
    result = pack(tmp_path, context)
    assert "isal is not installed" in "".join(context.shown)
    assert "index.html" in members(tmp_path, result)


class Meddling(LoneContext):
    """Changes a file while it is packed, as often as it is told to."""

    times = 1

    def progress(self, done: int, total: int = 0, note: str = "") -> None:
        if self.times:
            self.times -= 1
            time.sleep(0.01)
            with (self.root / "log").open("a") as file:
                file.write("x")


def test_a_file_that_changes_is_tried_again_once(tmp_path: Path) -> None:
    write(tmp_path, {"log": "a" * 3_000_000})
    context = Meddling(tmp_path)
    result = pack(tmp_path, context)
    with tarfile.open(tmp_path / result.outputs["archive"]) as tar:
        packed = tar.extractfile("log")
        assert packed
        assert packed.read() == b"a" * 3_000_000 + b"x"
    (tmp_path / result.outputs["archive"]).unlink()
    context.times = 50
    with pytest.raises(StepError, match="log: changes while it is read, twice in a row"):
        pack(tmp_path, context)
    assert names(tmp_path / "build/dist") == ["demo.1.0.r1.manifest.json"]


def test_cancelling_leaves_no_half_archive(tmp_path: Path) -> None:
    write(tmp_path, {"big": "a" * 5_000_000})
    context = LoneContext(tmp_path)
    context.cancelled.set()
    with pytest.raises(Cancelled):
        pack(tmp_path, context)
    assert names(tmp_path / "build/dist") == []


@pytest.mark.parametrize("fallback", [False, True], ids=["isal", "zlib"])
def test_a_full_disk_leaves_no_half_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fallback: bool) -> None:
    if fallback:
        monkeypatch.setitem(sys.modules, "isal", None)
    write(tmp_path, {"big": random.Random(3).randbytes(3_000_000).hex()})
    pack(tmp_path)
    before = (tmp_path / "build/dist/demo.1.0.r1.tgz").read_bytes()
    write(tmp_path, {"more": "x"})

    class Full:
        def __init__(self, file: IO[bytes]) -> None:
            self.file = file
            self.flush = file.flush

        def write(self, data: bytes) -> int:
            if self.file.tell() > 500_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(data)

    @contextlib.contextmanager
    def full(path: Path) -> Iterator[Full]:
        with replacing(path) as file:
            yield Full(file)

    monkeypatch.setattr(archives, "replacing", full)
    with pytest.raises(StepError, match="cannot be written: No space left") as caught:
        pack(tmp_path)
    assert "Make room" in caught.value.remedy
    assert (tmp_path / "build/dist/demo.1.0.r1.tgz").read_bytes() == before
    assert len(names(tmp_path / "build/dist")) == 2


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_with_the_tree(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(400 * 2**20)
    # Not getrusage: its maximum is that of the process that started this one, if that was larger.
    code = SCRIPT + "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout.split()[1]) < 120 * 1024


def test_it_costs_little_to_import() -> None:
    code = (
        "import sys, buildtools.plugin\nold = set(sys.modules)\n"
        "import buildtools.steps.pack, buildtools.steps.upload\nprint(*set(sys.modules) - old)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "tarfile",
        "gzip",
        "isal",
        "pathspec",
        "paramiko",
        "fabric",
        "hashlib",
        "importlib.metadata",
        "yaml",
        "rich",
    }
    assert heavy & set(done.stdout.split()) == set()


def test_it_says_where_the_archive_is_and_how_large(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "x" * 4_096, "empty.txt": ""})
    context = LoneContext(tmp_path)
    result = pack(tmp_path, context)
    said = "".join(context.shown)
    assert "build/dist/demo.1.0.r1.tgz\n4.1 KB in 2 files -> " in said
    assert f" B, sha256 {result.outputs['sha256']}\n" in said
    assert str(tmp_path) not in said


def test_the_pipeline_file_stays_out_whatever_its_name(tmp_path: Path) -> None:
    names = ("conf/pipeline.yaml", "live [1].yaml", "live 1.yaml")
    write(tmp_path, {"index.html": "", **dict.fromkeys([*NAMES, *names], "")})
    context = LoneContext(tmp_path)
    context.pipeline_file = tmp_path / "src/../live [1].yaml"
    kept = {"conf", "conf/pipeline.yaml", "index.html", "live 1.yaml"}
    assert set(members(tmp_path, pack(tmp_path, context))) == kept
    assert set(members(tmp_path, pack(tmp_path, context, exclude=("!live *",)))) == {*kept, "live [1].yaml"}
    context.pipeline_file = tmp_path.parent / "other.yaml"
    assert set(members(tmp_path, pack(tmp_path, context))) == {*kept, "live [1].yaml"}


def test_a_file_of_secrets_is_never_packed(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", "conf/secrets.env": "PASSWORD=x"})
    context = LoneContext(tmp_path)
    context.private_files = (tmp_path / "conf/secrets.env",)
    assert set(members(tmp_path, pack(tmp_path, context, include=("*",), exclude=("!secrets.env",)))) == {"index.html"}
