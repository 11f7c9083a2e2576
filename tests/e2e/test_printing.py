"""What a plugin prints by itself is its step's output: masked, logged, never between the lines of JSON."""

from __future__ import annotations

import json

from tests.conftest import MakeProject
from tests.e2e.running import clear

CHATTY = """\
    import sys
    from buildtools.plugin import Step, StepResult
    class Chatty(Step, frozen=True):
        "Print."
        token: str
        def run(self, ctx):
            print("printed", self.token)
            print("complained", file=sys.stderr)
            sys.stdout.buffer.write(b"bytes \\xff\\n")
            sys.stdout.flush()
            assert not sys.stdout.isatty()
            return StepResult()
    """
FILES = {
    "steps/chatty.py": CHATTY,
    "pipeline.yaml": "steps: {talk: {uses: chatty, with: {token: '${secret.TOKEN}'}}}",
}


def test_printed_words_are_the_steps_output(project: MakeProject) -> None:
    made = project(FILES)
    done = made.run("--output", "jsonl", env={"TOKEN": "hunter2hunter2"})
    clear(done, 0)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    said = "".join(event["text"] for event in events if event["event"] == "output")
    assert said == "printed ***\ncomplained\nbytes \N{REPLACEMENT CHARACTER}\n"
    assert not done.stderr
    log = next((made.root / ".buildtools/runs").glob("*/logs/*.log"))
    assert log.read_text() == said


def test_they_stand_in_the_steps_block(project: MakeProject) -> None:
    done = project(FILES).run(env={"TOKEN": "hunter2hunter2"})
    clear(done, 0, "complained")
    lines = done.stdout.splitlines()
    assert lines.index("printed ***") > next(at for at, line in enumerate(lines) if " talk " in line)
