"""Does the step `pylint` report what pylint reports? Compares both on a project from PyPI, by default `requests`.

    python benchmarks/pylint_same.py [PROJECT [PATH…]]

Needs the network (pip downloads the sdist), and nothing of the project's own dependencies. Exits 1 on any difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from buildtools.plugin import StepResult
from buildtools.steps.pylint import Pylint
from tests.support.context import LoneContext

Row = tuple[str, int, int, int, int, str, str, str]


def unpacked(project: str, folder: Path) -> Path:
    words = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", folder, project]
    subprocess.run(words, check=True)
    (archive,) = folder.glob("*.tar.gz")
    subprocess.run(["tar", "xf", archive, "-C", folder], check=True)
    (root,) = (entry for entry in folder.iterdir() if entry.is_dir())
    return root


def theirs(root: Path, paths: list[str]) -> tuple[list[Row], int, float]:
    words = [sys.executable, "-m", "pylint", "--recursive=y", "--output-format=json2", *paths]
    # Which cycle R0401 names hangs on the hash seed; the step sets it, so both have the same.
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(words, cwd=root, env=env, stdout=subprocess.PIPE, check=False)
    report = json.loads(done.stdout)
    rows = [
        (
            m["path"],
            m["line"],
            m["column"] + 1,
            m["endLine"] or 0,
            (m["endColumn"] + 1) if m["endLine"] and m["endColumn"] is not None else 0,
            m["messageId"],
            m["symbol"],
            m["message"],
        )
        for m in report["messages"]
    ]
    return rows, done.returncode, report["statistics"]["score"]


def ours(result: StepResult) -> list[Row]:
    return [(f.path, f.line, f.column, f.end_line, f.end_column, f.rule, f.symbol, f.message) for f in result.findings]


def main(project: str = "requests", *paths: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = unpacked(project, Path(folder))
        where = list(paths) or (["src"] if (root / "src").is_dir() else [project])
        result = Pylint(paths=tuple(where)).run(LoneContext(root))
        expected, status, score = theirs(root, where)
    got = ours(result)
    rated = next(metric.value for metric in result.metrics if metric.name == "pylint score")
    print(f"{root.name} {' '.join(where)}: pylint {len(expected)} messages, score {score:.4f}, exit status {status}")
    print(f"the step: {len(got)} findings, score {rated:.4f}, {result.status}")
    for row in sorted(set(expected) - set(got)):
        print("missing:", row)
    for row in sorted(set(got) - set(expected)):
        print("too many:", row)
    same = got == expected and rated == score and (status == 0) == (result.status == "passed")
    print("the same, in the same order" if same else "DIFFERENT")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
