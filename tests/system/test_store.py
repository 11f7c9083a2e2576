"""Bytes by name: whole or not at all, whatever happens to the files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildtools.system.store import Store

SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.text(max_size=30) | st.sampled_from(["", "a", "a\0b", "../../etc/passwd", "\udcff", "x" * 5_000])


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@SLOW
@given(values=st.dictionaries(names, st.binary(max_size=2_000), max_size=8))
def test_what_was_put_last_comes_back_also_in_another_process(tmp_path: Path, values: dict[str, bytes]) -> None:
    folder = tmp_path / os.urandom(8).hex()
    first = Store(folder)
    for name, data in values.items():
        assert first.put(name, b"an older value")
        assert first.put(name, data)
    second = Store(folder)
    assert {name: second.get(name) for name in values} == values
    assert all(second.holds(name) for name in values)
    assert second.get("never put") is None
    assert not second.holds("never put")
    assert first.trouble() == second.trouble() == ""


@SLOW
@given(data=st.binary(max_size=300), change=st.data())
def test_no_damage_goes_unnoticed(tmp_path: Path, data: bytes, change: st.DataObject) -> None:
    store = Store(tmp_path / os.urandom(8).hex())
    store.put("name", data)
    (file,) = files(store.folder)
    blob = bytearray(file.read_bytes())
    match change.draw(st.sampled_from(["flip", "cut", "add", "empty", "foreign"])):
        case "flip":
            blob[change.draw(st.integers(0, len(blob) - 1))] ^= change.draw(st.integers(1, 255))
        case "cut":
            del blob[change.draw(st.integers(0, len(blob) - 1)) :]
        case "add":
            blob += change.draw(st.binary(min_size=1, max_size=20))
        case "empty":
            blob.clear()
        case "foreign":
            blob[:] = change.draw(st.binary(max_size=400))
    file.write_bytes(blob)
    assert store.get("name") is None
    assert not file.exists()
    assert store.put("name", data)
    assert store.get("name") == data
    assert store.trouble() == ""


def test_swapped_files_are_both_absent(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    store.put("one", b"1")
    store.put("two", b"2")
    first, second = files(store.folder)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert store.get("one") is None
    assert store.get("two") is None
    assert files(store.folder) == []


@pytest.mark.parametrize("what", ["folder", "pipe", "link to nowhere"])
def test_something_else_in_a_files_place_is_absent_and_does_not_hang(tmp_path: Path, what: str) -> None:
    store = Store(tmp_path / "cache")
    store.put("name", b"data")
    (file,) = files(store.folder)
    file.unlink()
    match what:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case _:
            file.symlink_to("nowhere")
    assert store.get("name") is None
    if what != "folder":
        assert Store(store.folder).put("name", b"new")
        assert store.get("name") == b"new"


def test_a_file_in_the_folders_place_is_one_trouble_and_no_exception(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    place.write_text("in the way")
    store = Store(place)
    assert store.get("a") is None
    assert not store.put("a", b"1")
    assert not store.put("b", b"2")
    assert not store.holds("a")
    assert "the cache cannot be" in store.trouble()
    assert store.trouble() == "", "told once"
    assert place.read_text() == "in the way"


def test_a_full_disk_ends_the_writing(tmp_path: Path) -> None:
    """A limit on the size of files stands for it: writing fails in the middle, as there."""
    limit = 20_000
    code = (
        "import resource, signal, sys; from pathlib import Path; from buildtools.system.store import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "store = Store(Path(sys.argv[1]))\n"
        "assert store.put('small', b'x')\n"
        "assert not store.put('large', b'x' * 100_000)\n"
        "assert not store.put('another', b'x'), 'no second try'\n"
        "assert store.get('small') == b'x' and store.get('large') is None\n"
        "print(store.trouble())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "cache"], capture_output=True, text=True, check=True)
    assert "the cache cannot be written: File too large" in done.stdout
    assert len(files(tmp_path / "cache")) == 1, "no half-written file is left"


def test_use_is_noted_at_most_once_an_hour(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    store.put("name", b"data")
    (file,) = files(store.folder)
    now = time.time()
    for age, refreshed in ((100, False), (3_000, False), (4_000, True), (10 * 86_400, True), (-10 * 86_400, True)):
        os.utime(file, (now - age, now - age))
        assert store.get("name") == b"data"
        assert (abs(file.stat().st_mtime - (now - age)) > 1) is refreshed, age
    os.utime(file, (0, 0))
    assert store.holds("name")
    assert file.stat().st_mtime > now - 100


def test_several_processes_read_only_whole_values(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    code = (
        "import sys; from pathlib import Path; from buildtools.system.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for number in range(150):\n"
        "    data = store.get('name')\n"
        "    assert data is None or len(data) == 50_000 and len(set(data)) == 1, data[:20]\n"
        "    assert store.put('name', bytes([number]) * 50_000)\n"
        "assert store.trouble() == ''\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, folder]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(files(folder)) == 1


def test_a_killed_writer_leaves_the_old_value(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert Store(folder).put("name", b"\0" * 10)
    code = (
        "import sys; from pathlib import Path; from buildtools.system.store import Store\n"
        "store = Store(Path(sys.argv[1])); print('begun', flush=True)\n"
        "while True: store.put('name', b'1' * 3_000_000)\n"
    )
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.02)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert Store(folder).get("name") in (b"\0" * 10, b"1" * 3_000_000)


def test_threads_may_share_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    wrong: list[object] = []

    def work(own: int) -> None:
        for number in range(50):
            store.put(f"{own}", bytes([number]))
            if store.get(f"{own}") != bytes([number]):
                wrong.append((own, number))

    threads = [threading.Thread(target=work, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
