from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from buildtools.core.errors import ExitCode
from buildtools.core.model import Status
from buildtools.core.results import RunResult
from buildtools.engine.log import safe_name
from buildtools.engine.record import open_record, prune, remove_tree, run_id
from tests.engine.pipelines import Bench, by_id, check, spec
from tests.engine.test_endings import REPOSITORY


def names(base: Path) -> list[str]:
    return sorted(entry.name for entry in (base / "runs").iterdir())


def test_an_id_sorts_by_time() -> None:
    assert run_id(1_700_000_000.0417) == "20231114-221320-041"
    times = [1e9, 1e9 + 0.001, 1e9 + 0.9, 1e9 + 1, 1.5e9]
    assert [run_id(at) for at in times] == sorted(run_id(at) for at in times)


def test_runs_of_one_moment_get_different_folders(tmp_path: Path) -> None:
    records = [open_record(tmp_path, 1e9) for _ in range(5)]
    assert len({record.id for record in records}) == 5
    for record in records:
        record.close(20)
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_the_newest_are_kept_and_none_that_goes_on(tmp_path: Path) -> None:
    oldest = open_record(tmp_path, 1e9)
    for number in range(1, 6):
        record = open_record(tmp_path, 1e9 + number)
        record.logs.mkdir()
        (record.logs / "x.log").write_text("x")
        record.close(3)
    kept = [run_id(1e9), *(run_id(1e9 + number) for number in (3, 4, 5))]
    assert names(tmp_path) == kept
    oldest.close(3)
    assert names(tmp_path) == kept[1:]


def test_a_run_that_died_is_removed_in_its_turn(tmp_path: Path) -> None:
    code = "from buildtools.engine.record import open_record; from pathlib import Path; import os, sys\n"
    code += "open_record(Path(sys.argv[1]), 1e9); os._exit(1)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=REPOSITORY, check=False)
    assert len(names(tmp_path)) == 1
    open_record(tmp_path, 2e9).close(1)
    assert names(tmp_path) == [run_id(2e9)]


def test_strangers_in_the_folder_do_no_harm(tmp_path: Path) -> None:
    open_record(tmp_path, 1e9).close(20)
    (tmp_path / "runs/a-file").write_text("")
    prune(tmp_path / "runs", 0)
    assert names(tmp_path) == ["a-file"]
    prune(tmp_path / "nowhere", 0)


def test_a_tree_is_removed_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("")
    (tmp_path / "tree/deep").mkdir(parents=True)
    (tmp_path / "tree/deep/link").symlink_to(tmp_path / "kept")
    (tmp_path / "tree/broken").symlink_to("nowhere")
    remove_tree(tmp_path / "tree")
    remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    assert (tmp_path / "kept/file").exists()


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("unit[django=5.2,py=3.12]", "007-unit_django=5.2,py=3.12"),
        ("../../etc/passwd", "007-etc_passwd"),
        ("a/b\0c\nd", "007-a_b_c_d"),
        ("\u00fcb\u00fcng", "007-b_ng"),
        ("***", "007-step"),
        ("x" * 300, "007-" + "x" * 80),
    ],
)
def test_log_names_are_safe(step: str, name: str) -> None:
    assert safe_name(step, 7) == name


def test_matrix_members_have_logs_of_their_own(bench: Bench) -> None:
    result = bench.run(check("unit[v=a/b]", "echo 1"), check("unit[v=a b]", "echo 2"))
    assert [bench.log(result, step.id) for step in result.steps] == [b"1\n", b"2\n"]


# -- where nothing can be written


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_project(bench: Bench) -> None:
    bench.root.chmod(0o555)
    try:
        result = bench.run(check("a", "echo x"), spec("b", "exit 1"))
    finally:
        bench.root.chmod(0o755)
    assert "Permission denied" in result.problems[0]
    assert by_id(result)["b"].result.status is Status.FAILED


def test_a_record_that_cannot_be_made_is_said_and_the_gate_goes_on(bench: Bench) -> None:
    (bench.root / ".buildtools").write_text("a file is in the way")
    seen = []

    def look(ctx: object) -> object:
        from buildtools.core.results import StepResult

        folder = ctx.temp  # type: ignore[attr-defined]
        seen.append((folder.is_dir(), folder.parent.parent, folder.parent.stat().st_mode & 0o777))
        return StepResult()

    result = bench.run(check("a", "echo x"), check("t", look), spec("b", "exit 1"))
    assert result.exit_code is ExitCode.ERROR
    (problem,) = result.problems
    assert problem.startswith(f"{bench.root}/.buildtools: the run's record cannot be written: ")
    runs = by_id(result)
    assert runs["a"].result.status is Status.PASSED
    assert runs["a"].tail == "x\n"
    assert runs["a"].log == ""
    assert runs["b"].result.status is Status.FAILED
    assert bench.seen.output("a") == "x\n"
    place = Path(os.environ.get("TMPDIR") or "/tmp")
    assert seen == [(True, place, 0o700)]


def run_gate(root: Path, options: str, *steps: str) -> tuple[int, str]:
    argv = [sys.executable, "-m", "tests.engine.gate", str(root), options, *steps]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.usefixtures("unmeasured")
def test_a_log_that_cannot_grow_is_said_once_and_the_step_goes_on(tmp_path: Path) -> None:
    code, out = run_gate(
        tmp_path, '{"largest": 100000}', "a!=yes | head -c 300000", "b!=yes | head -c 300000; echo end"
    )
    assert code == 5
    assert out.count("problem") == 1
    assert "output cannot be logged: File too large" in out
    assert out.count("started") == 2
    (folder,) = (tmp_path / ".buildtools/runs").iterdir()
    result = msgspec.json.decode((folder / "run.json").read_bytes(), type=RunResult)
    assert [step.result.status for step in result.steps] == [Status.PASSED, Status.PASSED]
    assert result.steps[1].tail.endswith("end\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    code, out = run_gate(small_disk, "{}", "a!=yes | head -c 1000000; echo end", "b!=echo x", "c!=false")
    assert code == 5
    assert "output cannot be logged: No space left on device" in out
    assert "events.jsonl: cannot be written: No space left on device" in out
    assert out.count("started") == 3


def test_a_flood_is_held_back_and_kept_whole(tmp_path: Path) -> None:
    """About 100 MB/s for two seconds: the engine's memory must not follow."""
    code = f"""
import resource, sys
from pathlib import Path
from tests.engine.gate import main
code = main({str(tmp_path)!r}, '{{}}', 'a=timeout 2 yes "0123456789012345678901234567890123456789" || true')
status = Path('/proc/self/status')
# getrusage's maximum is that of the process that started this one, if that was larger: only the second best.
peak = status.read_text().partition('VmHWM:')[2].split()[0] if status.exists() else None
print('peak', int(peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1024)
sys.exit(code)
"""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    seconds = time.monotonic() - started
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout.split()[-1]) < 150
    (log,) = (tmp_path / ".buildtools/runs").glob("*/logs/*.log")
    size = log.stat().st_size
    log.unlink()
    assert size > 20e6, f"only {size / seconds / 1e6:.0f} MB/s"
    assert seconds < 15
