"""What buildtools itself costs: steps that do nothing, beside prek and pypyr, and the start of `--help`.

    python benchmarks/overhead.py [ROUNDS]

Needs `prek`, `pypyr` and `git`, on PATH or beside this Python. Whole processes are measured, one of each in turn, so
that the machine's moods hit all alike. Printed are medians and, per rival, the median of the rounds' own ratios (ours
divided by theirs). prek and pypyr start `true` without a shell; ours is measured so too, and as a line for `sh`.
From runs of 50 and of 250 steps follows what one more step costs. Exits with 1 if a target is missed: 1.00 for fifty
shell lines, 1.60 for `--help` against `import click`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

STEPS, MANY = 50, 250
ROUNDS = 15
SHELL, PLAIN = '"true"', '["true"]'


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # As after an installation: compiled modules are kept, and everybody's settings are left out.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PREK_HOME": str(folder / "prek-home")}
        env["GIT_CONFIG_GLOBAL"] = os.devnull
        few = compare(rivals(folder / "few", STEPS, env), rounds, env)
        show(f"{STEPS} steps that do nothing, {rounds} rounds", few, target=1.0)
        many = compare(rivals(folder / "many", MANY, env), max(3, rounds // 3), env)
        show(f"{MANY} steps", many, target=1.0)
        print("one more step")
        for who in few:
            print(f"  {who:<24} {(median(many[who]) - median(few[who])) / (MANY - STEPS) * 1000:7.2f} ms")
        start = compare(
            {
                "buildtools --help": ([*buildtools(), "--help"], folder),
                "import click": ([sys.executable, "-c", "import click"], folder),
            },
            rounds,
            env,
        )
        show(f"start, {rounds} rounds", start, target=1.6)
    missed = max(ratios(few)[rival] for rival in ("prek", "pypyr")) > 1.0 or max(ratios(start).values()) > 1.6
    return int(missed)


def rivals(folder: Path, steps: int, env: Mapping[str, str]) -> dict[str, tuple[list[str], Path]]:
    """Write the same steps for each, and return its command and folder; the first one is what is compared."""
    folder.mkdir()
    ours = [*buildtools(), "run", "--output", "plain"]
    return {
        "buildtools, sh lines": (ours, write_buildtools(folder / "shell", steps, SHELL)),
        "buildtools, no shell": (ours, write_buildtools(folder / "plain", steps, PLAIN)),
        "prek": ([program("prek"), "run", "--all-files"], write_prek(folder / "prek", steps, env)),
        "pypyr": ([program("pypyr"), "steps"], write_pypyr(folder / "pypyr", steps)),
    }


def buildtools() -> list[str]:
    """Return how a user starts it: the console script, or the module if that is not installed."""
    try:
        return [program("buildtools")]
    except SystemExit:
        return [sys.executable, "-m", "buildtools"]


def program(name: str) -> str:
    path = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if path is None:
        raise SystemExit(f"{name} is not installed: pip install {name}")
    return path


def write_buildtools(folder: Path, steps: int, command: str) -> Path:
    folder.mkdir()
    lines = ["name: nothing", "steps:"]
    lines += [f"  step{number}: {{uses: shell, with: {{run: {command}}}}}" for number in range(steps)]
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    return folder


def write_prek(folder: Path, steps: int, env: Mapping[str, str]) -> Path:
    folder.mkdir()
    lines = ["repos:", "- repo: local", "  hooks:"]
    hook = "language: system, entry: 'true', always_run: true, pass_filenames: false"
    lines += [f"  - {{id: step{number}, name: step{number}, {hook}}}" for number in range(steps)]
    (folder / ".pre-commit-config.yaml").write_text("\n".join(lines) + "\n")
    for arguments in (("init", "-q"), ("add", ".")):
        subprocess.run(["git", *arguments], cwd=folder, env=env, check=True)
    return folder


def write_pypyr(folder: Path, steps: int) -> Path:
    folder.mkdir()
    lines = ["steps:"]
    lines += ["- name: pypyr.steps.cmd\n  in: {cmd: 'true'}" for _ in range(steps)]
    (folder / "steps.yaml").write_text("\n".join(lines) + "\n")
    return folder


def compare(
    rivals: Mapping[str, tuple[list[str], Path]], rounds: int, env: Mapping[str, str]
) -> dict[str, list[float]]:
    """Run each in turn, the first round for warmth alone; return seconds per round. A failing one ends it all."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(rounds + 1):
        for name, (argv, folder) in rivals.items():
            started = time.perf_counter()
            done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False)
            took = time.perf_counter() - started
            if done.returncode:
                raise SystemExit(f"{name} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}")
            if number:
                seconds[name].append(took)
    return seconds


def ratios(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median ratio of the first one to each other, pair by pair."""
    first, *others = seconds
    return {
        other: median(ours / theirs for ours, theirs in zip(seconds[first], seconds[other], strict=True))
        for other in others
    }


def show(title: str, seconds: Mapping[str, list[float]], *, target: float) -> None:
    print(title)
    found = ratios(seconds)
    for name, values in seconds.items():
        note = f"   ratio {found[name]:.2f} (target {target:.2f})" if name in found else ""
        print(f"  {name:<24} {median(values) * 1000:7.1f} ms  (best {min(values) * 1000:.1f}){note}")


if __name__ == "__main__":
    sys.exit(main())
