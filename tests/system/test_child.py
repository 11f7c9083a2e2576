from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

PROBE = """
import os, sys
from pathlib import Path
from buildtools.core.errors import BuildtoolsError
from buildtools.system import child, process

def ask(*argv, cwd=Path.cwd(), stdin=b''):
    out, err = process.Collected('out'), process.Collected('err')
    command = process.Command(argv=argv, cwd=cwd, env=os.environ, stdin=stdin)
    ended = process.run(command, stdout=out.add, stderr=err.add)
    return ended.returncode, out.value(), err.value()

def spawned(*argv, cwd=Path.cwd(), stdin=False, env=os.environ):
    found = child.spawn_here(argv, cwd, env, stdin=stdin)
    if found is not None:
        found.wait()
        found.close()
    return None if found is None else found.returncode
"""


def probe(code: str, **keys: object) -> str:
    """Run code in a fresh Python: what pytest keeps open must not count."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE + code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        **keys,  # type: ignore[call-overload]
    )
    assert done.stderr == ""
    return str(done.stdout)


linux = pytest.mark.skipif(sys.platform != "linux", reason="only used on Linux")


@linux
def test_the_quick_way_is_taken_where_it_does_the_same() -> None:
    code = "print(spawned('sh', '-c', 'exit 3'), spawned('/bin/sh', '-c', 'kill -9 $$'), spawned('no-such'), "
    code += "spawned('sh', cwd=Path('/')), spawned(''), spawned('sh', '-c', 'exit 4', env={'PATH': '/usr/bin:/bin'}))"
    assert probe(code) == "3 -9 None None None 4\n"


@linux
@pytest.mark.parametrize("folder", [".", "/"])
def test_descriptors_that_we_were_given_are_not_passed_on(folder: str) -> None:
    read, write = os.pipe()
    code = "print(ask('sh', '-c', 'ls /proc/self/fd | wc -l', cwd=Path(FOLDER))[1])"
    try:
        assert probe(code.replace("FOLDER", repr(folder)), pass_fds=(write,)) == "b'4\\n'\n"
    finally:
        os.close(read)
        os.close(write)


@linux
@pytest.mark.parametrize("folder", [".", "/"])
def test_both_ways_give_a_child_the_same_state(folder: str) -> None:
    """Its open files, session, signal dispositions and environment do not depend on the way it was started."""
    script = "ls -l /proc/self/fd | grep -c pipe; grep -E 'Sig(Blk|Ign)' /proc/self/status; env | grep ^X="
    code = f"""
def out(cwd):
    command = process.Command(argv=('sh', '-c', {script!r}), cwd=Path(cwd), env={{**os.environ, 'X': 'y'}}, stdin=b'x')
    kept = process.Collected('sh')
    process.run(command, stdout=kept.add, stderr=kept.add)
    # glibc's posix_spawn ignores its own two internal signals (32 and 33) in the child, which no program can see; those
    # from 1 to 3 are ignored already where a shell has put the tests into the background.
    return [int(word, 16) & 0x7FFFFFF8 if len(word) == 16 else word for word in kept.value().decode().split()]
print(out('.') == out({folder!r}), out({folder!r}))
"""
    assert probe(code) == "True ['3', 'SigBlk:', 0, 'SigIgn:', 0, 'X=y']\n"


def test_closed_standard_streams_do_not_mix_up_the_pipes() -> None:
    code = """
for number in (0, 1):
    os.close(number)
done = ask('sh', '-c', 'cat; echo err >&2', stdin=b'text')
os.write(2, b'' if done == (0, b'text', b'err\\n') else repr(done).encode())
"""
    assert probe(code) == ""


@pytest.mark.parametrize("folder", [".", "/"])
def test_an_exit_status_that_somebody_took_is_no_pass(folder: str) -> None:
    code = f"""
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
try:
    print(ask('true', cwd=Path({folder!r}))[0])
except BuildtoolsError as error:
    print(error.message.split(': ')[1])
"""
    assert probe(code) == "its exit status was taken away\n"
