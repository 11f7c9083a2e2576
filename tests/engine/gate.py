"""Runs a small pipeline in a process of its own: `python -m tests.engine.gate ROOT OPTIONS STEP=SCRIPT…`.

OPTIONS is JSON for `RunSettings` (`slow`: with the real grace times; `largest`: no file may grow beyond so many bytes).
A step whose name ends in `!` is an action. Says what starts, what the exit code is, and every problem.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from buildtools.core.events import AnyEvent, RunFinished, StepStarted
from buildtools.engine.executor import execute
from buildtools.system.process import Grace
from tests.engine.pipelines import Bench, check, spec


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Words:
    def handle(self, event: AnyEvent) -> None:
        if isinstance(event, StepStarted):
            say("started", event.step)
        elif isinstance(event, RunFinished):
            say("finished", int(event.result.exit_code))

    def close(self) -> None:
        say("closed")


def main(root: str, options: str, *steps: str) -> int:
    bench = Bench(Path(root))
    specs = []
    for step in steps:
        name, _, script = step.partition("=")
        specs.append(spec(name[:-1], script) if name.endswith("!") else check(name, script))
    settings = json.loads(options)
    if settings.pop("slow", False):
        settings["grace"] = Grace()
    if largest := settings.pop("largest", 0):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    result = execute(bench.plan(*specs), bench.settings(**settings), [Words()])
    for problem in result.problems:
        say("problem", problem)
    return int(result.exit_code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
