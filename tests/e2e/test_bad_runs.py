"""Tools that misbehave, and surroundings that lack what others have: a clear message, the right code, all reported."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import (
    BUILDTOOLS,
    FINE,
    Background,
    alive,
    clear,
    reported,
    started,
)


@pytest.mark.parametrize("command", ["[no-such-tool, -x]", "no-such-tool -x"], ids=["list", "script"])
def test_a_missing_tool(project: MakeProject, command: str) -> None:
    text = f"steps:\n  good: {{uses: shell, with: {{run: 'true'}}}}\n  bad: {{uses: shell, with: {{run: {command}}}}}\n"
    said = project({"pipeline.yaml": text}).run()
    clear(said, 5, "no-such-tool", "not found", "PATH")
    reported(said, good="passed", bad="error")
    assert said.cause("bad") == "tool"


def test_what_is_there_but_cannot_be_started(project: MakeProject) -> None:
    text = """\
        steps:
          plain: {uses: shell, with: {run: [./plain], check: true}}
          hollow: {uses: shell, with: {run: [./hollow], check: true}}
          folder: {uses: shell, with: {run: [./], check: true}}
        """
    made = project({"pipeline.yaml": text, "plain": "text", "hollow": "#!/no/such/interpreter\n"})
    (made.root / "hollow").chmod(0o755)
    said = made.run("-k")
    clear(said, 5, "plain: is not executable", "chmod +x", "hollow: is there, but the interpreter")
    reported(said, plain="error", hollow="error", folder="error")


def test_a_tool_that_dies_by_a_signal(project: MakeProject) -> None:
    text = """\
        steps:
          itself: {uses: shell, with: {run: [sh, -c, 'kill -SEGV $$'], check: true}}
          within: {uses: shell, with: {run: sh -c 'kill -KILL $$'; exit $?, check: true}}
        """
    said = project({"pipeline.yaml": text}).run("-k")
    clear(said, 1, "killed by SIGSEGV", "exit status 137 (128 + SIGKILL)")
    reported(said, itself="failed", within="failed")


def test_output_that_is_no_text(project: MakeProject) -> None:
    text = r"""
        steps:
          bytes:
            uses: shell
            with: {run: 'printf "bad \377\376 nul \000 end ]]> \033[31mred\033[0m \007\r\n"; exit 1'}
          long: {uses: shell, needs: [], with: {run: 'head -c 1000000 /dev/zero | tr "\0" x; exit 1'}}
        """
    said = project({"pipeline.yaml": text}).run("-k")
    clear(said, 1, "bad \ufffd\ufffd nul", "end ]]> ")
    for sign in ("\0", "\x07", "\x1b", "\r"):
        assert sign not in said.stdout
    reported(said, bytes="failed", long="failed")
    assert len(said.stdout) < 600_000
    logs = {log.name: log.stat().st_size for log in (said.project.root / ".buildtools/runs").glob("*/logs/*")}
    assert logs["002-long.log"] == 1_000_000
    assert all(name in said.stdout for name in logs if "long" in name)


def test_output_that_is_no_text_as_json_lines(project: MakeProject) -> None:
    text = (
        r"""steps: {a: {uses: shell, with: {run: 'printf "\377 \000 \033[31m\342\202"; head -c 1000000 /dev/zero'}}}"""
    )
    said = project({"pipeline.yaml": text}).run("--output", "jsonl")
    clear(said, 0)
    events = [json.loads(line) for line in said.stdout.splitlines()]
    output = "".join(event["text"] for event in events if event["event"] == "output")
    assert output.startswith("\ufffd \0 \x1b[31m\ufffd\0")
    assert output.count("\0") == 1_000_001


def test_a_tool_that_leaves_processes_behind(project: MakeProject) -> None:
    text = "steps: {a: {uses: shell, with: {run: 'sleep 60 & echo $! > left.pid'}}}"
    said = project({"pipeline.yaml": text}).run()
    clear(said, 0, "left processes behind; they were ended")
    assert not alive(int((said.project.root / "left.pid").read_text()))


def test_a_timeout_ends_everything_a_step_began(project: MakeProject) -> None:
    text = """\
        steps:
          good: {uses: shell, with: {run: 'true', check: true}}
          slow:
            uses: shell
            timeout: 300ms
            with: {run: "(setsid sh -c 'echo $$ > deep.pid; exec sleep 60' &) ; sleep 60", check: true}
          late: {uses: shell, with: {run: 'true'}}
        """
    made = project({"pipeline.yaml": text})
    said = made.run()
    if said.code == 3:  # no milliseconds in this contract
        said = made.replace("pipeline.yaml", "300ms", "0.3").run()
    clear(said, 1, "timed out", "took longer than 0.3 s")
    reported(said, good="passed", slow="failed", late="skipped")
    assert said.cause("slow") == "timeout"
    assert not alive(int((made.root / "deep.pid").read_text()))


def test_the_time_of_the_whole_run(project: MakeProject) -> None:
    text = """\
        steps:
          good: {uses: shell, with: {run: 'true'}}
          slow: {uses: shell, with: {run: sleep 60}}
          late: {uses: shell, with: {run: 'true'}}
        """
    said = project({"pipeline.yaml": text}).run("--timeout", "1s")
    clear(said, 1, "the run's time of 1 s was up")
    reported(said, good="passed", slow="failed", late="skipped")


def test_no_home_and_next_to_no_environment(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE})
    kept = [f"{name}={value}" for name, value in made.env.items() if name in ("PYTHONPATH", "BUILD_TEST_GUARD")]
    for words in (("run",), ("list",), ("doctor",), ("validate",)):
        clear(started(made, "env", "-i", *kept, *BUILDTOOLS, *words), 0)
    clear(made.call("run", env={"HOME": "/nonexistent"}), 0)


@pytest.mark.parametrize("coerced", [True, False], ids=["as Python has it", "ASCII for real"])
def test_the_c_locale(project: MakeProject, coerced: bool) -> None:
    env = {"LC_ALL": "C", "LANG": "C"} | ({} if coerced else {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    text = "name: caf\u00e9\nsteps: {a: {uses: shell, with: {run: 'printf \"\\303\\251\\n\"; exit 1'}}}"
    made = project({"pipeline.yaml": text})
    said = made.call("run", env=env)
    clear(said, 1, "caf\u00e9" if coerced else "caf\\xe9", "\u00e9\n" if coerced else "\\xe9\n")
    reported(said, a="failed")
    for command in ("list", "graph", "plugins", "schema"):
        clear(made.call(command, env=env), 0)


def test_an_argument_that_the_locale_cannot_express(project: MakeProject) -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    text = "steps: {a: {uses: shell, with: {run: echo caf\u00e9}}}"
    said = project({"pipeline.yaml": text}).call("run", env=env)
    clear(said, 5, "'sh': cannot be started: an argument or variable holds what the locale's ascii lacks", "C.UTF-8")
    reported(said, a="error")


def test_a_folder_whose_name_is_no_text(project: MakeProject) -> None:
    made = project()
    folder = os.fsdecode(b"caf\xe9")
    made.write({f"{folder}/pipeline.yaml": FINE})
    for words in (
        ("list",),
        ("graph",),
        ("run",),
        ("run", "--output", "jsonl"),
        ("validate", f"{folder}/pipeline.yaml"),
    ):
        place = () if words[0] == "validate" else ("-C", folder)
        clear(made.call(*place, *words), 0)
    ET.parse(made.root / folder / "build/reports/junit.xml")
    json.loads((made.root / folder / "build/reports/run.json").read_text())
    clear(made.call("run", f"{folder}/no.yaml"), 3, "no such file")


def test_words_that_are_no_utf8(project: MakeProject) -> None:
    made = project({"pipeline.yaml": f"properties: {{x: plain}}\n{FINE}"})
    clear(started(made, *BUILDTOOLS, "run", os.fsdecode(b"\xff")), 2, "no step is called")
    said = started(made, *BUILDTOOLS, "run", "-P", os.fsdecode(b"x=\xff"))
    clear(said, 0)
    reported(said, a="passed")


def test_two_runs_at_once_in_one_tree(project: MakeProject) -> None:
    made = project({"pipeline.yaml": "steps: {a: {uses: shell, with: {run: 'echo $$ >> pids; sleep 0.5'}}}"})
    runs = [Background(made, "run") for _ in range(3)]
    ended = [run.ended() for run in runs]
    for said in ended:
        clear(said, 0, "PASSED  1 passed")
    records = sorted((made.root / ".buildtools/runs").iterdir())
    assert len(records) == 3
    assert {json.loads((record / "run.json").read_text())["id"] for record in records} == {r.name for r in records}
    assert ended[0].junit.get("tests") == "1"
    names = sorted(path.name for path in (made.root / "build/reports").iterdir())
    assert names == ["junit.xml", "report.html", "run.json"]


def test_twenty_runs_are_kept(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE})
    for number in range(25):
        (made.root / f".buildtools/runs/2020010{number // 10}-00000{number % 10}-000").mkdir(parents=True)
    clear(made.run(), 0)
    assert len(list((made.root / ".buildtools/runs").iterdir())) == 20
