"""How much one engine process for many files saves against one process a file, and the cache against both.

    python benchmarks/jslint.py [--files 500] [--engine node|rhino] [--sample N]

Makes files like those of a web application, lints them with the step (which here has JSLint in its cache already) cold,
warm (nothing changed since) and with one file changed, and once file by file with the same runner, the same edition and
the same result. `--sample` runs only so many single processes and scales their time up. Times are the step's alone,
without the start of buildtools; the best of three.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from buildtools.plugin import StepResult
from buildtools.steps.jslint import Jslint
from buildtools.steps.jslint.protocol import Settings, Source, encode_request
from buildtools.steps.jslint.setup import find, prepare
from tests.support.context import LoneContext

TEMPLATE = """/*jslint browser*/
// Module {n}: shows a list and keeps it up to date.
const names{n} = [];

function add{n}(name) {{
    if (names{n}.indexOf(name) < 0) {{
        names{n}.push(name);
    }}
    return names{n}.length;
}}

function show{n}(element) {{
    names{n}.forEach(function (name, index) {{
        const item = document.createElement("li");
        item.textContent = `${{index + 1}}. ${{name}}`;
        element.appendChild(item);
    }});
}}

window.addEventListener("load", function () {{
    add{n}("first");
    add{n}("second")
    show{n}(document.getElementById("list{n}"));
}});
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--engine", choices=("node", "rhino"), default="node")
    parser.add_argument("--sample", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as elsewhere:
        root = Path(folder)
        for number in range(asked.files):
            (root / f"module{number:04}.js").write_text(TEMPLATE.format(n=number))
        step = Jslint(engine=asked.engine)
        context = LoneContext(root)
        step.run(context)  # fetches and transpiles what is not there yet
        together, result = best(step, root)
        time.sleep(2.1)  # younger files have their digests made anew
        cache = Path(elsewhere)
        first, _ = timed(step, LoneContext(root, cache=cache))
        warm, again = best(step, root, cache)
        if again.findings != result.findings:
            sys.exit("the cache's findings differ")
        changed = min(one_changed(step, root, cache, number) for number in range(3))

        engine = prepare(find(step, context, root), step, context)
        sample = asked.sample or asked.files
        request = root / "request.jsonl"
        begun = time.perf_counter()
        warnings = 0
        for number in range(sample):
            text = (root / f"module{number:04}.js").read_text()
            request.write_bytes(encode_request(Settings(), [(0, Source("x.js", text))]))
            argv = [*map(str, engine.argv), str(request)]
            done = subprocess.run(argv, capture_output=True, check=True, env={**os.environ, **engine.env})
            warnings += done.stdout.count(b'"expected_a_b"')
        alone = (time.perf_counter() - begun) * asked.files / sample
        print(f"{asked.engine}: {asked.files} files, {len(result.findings)} findings; {sample} files alone: {warnings}")
        print(f"one each           {alone:8.2f} s" + (f" (scaled from {sample})" if sample != asked.files else ""))
        for name, seconds in (
            ("one run", together),
            ("first with cache", first),
            ("one file changed", changed),
            ("nothing changed", warm),
        ):
            print(f"{name:16}   {seconds:8.3f} s {alone / seconds:10.1f} times faster")


def timed(step: Jslint, context: LoneContext) -> tuple[float, StepResult]:
    begun = time.perf_counter()
    result = step.run(context)
    if context.cache is not None:
        context.cache.run.close()
    return time.perf_counter() - begun, result


def best(step: Jslint, root: Path, cache: Path | None = None) -> tuple[float, StepResult]:
    return min((timed(step, LoneContext(root, cache=cache)) for _ in range(3)), key=lambda pair: pair[0])


def one_changed(step: Jslint, root: Path, cache: Path, number: int) -> float:
    (root / "module0000.js").write_text(TEMPLATE.format(n=number + 1_000_000))
    return timed(step, LoneContext(root, cache=cache))[0]


if __name__ == "__main__":
    main()
