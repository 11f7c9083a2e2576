"""Do Node and Rhino say the same of real code? Lints packages from npm on both, every file, and compares.

    python -m tests.differential.jslint_engines [PACKAGE…]

Needs npm and its registry, Node, Java and Rhino. Minified files are linted too, within the step's time for a file;
those that an engine did not get through are counted, not compared. Exits 1 on any difference.
"""

# ruff: noqa: T201

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import msgspec

from buildtools.plugin import Finding, StepResult
from buildtools.steps.jslint import Jslint
from tests.support.context import LoneContext

PACKAGES = ("underscore@1.13.8", "jquery@4.0.0", "jquery@3.7.1", "backbone@1.6.1", "lodash@4.17.21", "express@5.1.0")
OWN = {"timeout", "engine-died", "jslint-crash"}
"""Rules of what an engine did not get through: what it says then is its own."""


def unpack(archive: bytes, folder: Path) -> Path:
    """Unpack a package's archive and return where its files are."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def on_both(folder: Path, *include: str) -> tuple[StepResult, StepResult]:
    """Lint a folder on Node and on Rhino."""
    step = Jslint(dir=folder, include=include or ("**/*.js", "**/*.mjs", "**/*.cjs"), default_excludes=False)
    context = LoneContext(folder.parent)
    return step.run(context), msgspec.structs.replace(step, engine="rhino").run(context)


def differences(on_node: StepResult, on_rhino: StepResult) -> tuple[list[str], int]:
    """Return the files with different verdicts, and how many could not be compared."""
    node, rhino = _by_path(on_node), _by_path(on_rhino)
    own = {path for found in (node, rhino) for path, said in found.items() if OWN & {finding.rule for finding in said}}
    different = [path for path in sorted({*node, *rhino} - own) if node.get(path) != rhino.get(path)]
    return different, len(own)


def _by_path(result: StepResult) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {case.file: [] for case in result.cases}
    for finding in result.findings:
        found.setdefault(finding.path, []).append(finding)
    return found


def main(*packages: str) -> int:
    """Compare; return 1 on a difference."""
    bad = files = warnings = 0
    for package in packages or PACKAGES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            words = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", name, package]
            subprocess.run(
                words, check=True, env={**os.environ, "npm_config_update_notifier": "false"}, stdout=subprocess.DEVNULL
            )
            (archive,) = folder.glob("*.tgz")
            root = unpack(archive.read_bytes(), folder)
            begun = time.perf_counter()
            on_node, on_rhino = on_both(root)
            seconds = time.perf_counter() - begun
        different, uncompared = differences(on_node, on_rhino)
        bad += len(different)
        number = int(on_node.metrics[0].value)
        files += number - uncompared
        warnings += len(on_node.findings)
        verdict = f"{len(different)} DIFFERENT" if different else "identical"
        print(
            f"{package}: {number} files, {len(on_node.findings)} findings, {verdict}, "
            f"{uncompared} not compared, {seconds:.1f} s",
            flush=True,
        )
        for path in different[:10]:
            print("  ", path)
    print(f"{files} files compared, {warnings} findings on Node, {bad} files differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
