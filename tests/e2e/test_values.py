"""What a pipeline file means, seen from outside: values and their precedence, outputs, matrix, when, retries."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import clear, refused

SAY = "steps: {a: {uses: shell, with: {run: ['echo', '=${v}=']}}}\n"


@pytest.mark.parametrize(
    ("flags", "env", "local", "own", "value"),
    [
        ("", {}, False, False, "file"),
        ("", {}, False, True, "own"),
        ("", {}, True, True, "local"),
        ("", {"BUILDTOOLS_PROP_V": "env"}, True, True, "env"),
        ("-P v=flag", {"BUILDTOOLS_PROP_V": "env"}, True, True, "flag"),
        ("-P v=one -P v=two", {}, True, True, "two"),
        ("-P v=", {}, True, True, ""),
    ],
)
def test_where_a_property_comes_from(
    project: MakeProject, flags: str, env: Mapping[str, str], local: bool, own: bool, value: str
) -> None:
    text = "properties-files: [base.yaml]\n" + ("properties: {v: own}\n" if own else "") + SAY
    made = project({"pipeline.yaml": text, "base.yaml": "v: file\n"})
    if local:
        made.write({"pipeline.local.yaml": "properties: {v: local}\n"})
    clear(made.call("run", *flags.split(), env=env), 0, f"\n={value}=\n")


@pytest.mark.parametrize(
    "written",
    ["1.10", "no", "0755", "1e3", "null", "2024-01-01", "0x1F", "1_000", "~", "'true'", "on", "12:30:45", ".inf"],
)
def test_a_value_is_the_text_that_was_written(project: MakeProject, written: str) -> None:
    clear(
        project({"pipeline.yaml": f"properties: {{v: {written}}}\n{SAY}"}).run(), 0, f"\n={written.strip(chr(39))}=\n"
    )


def test_references(project: MakeProject) -> None:
    text = """\
        properties: {a: "1", b: "${a}2", c-d.e: "${b}3", empty: ""}
        env: {FILE: "f${c-d.e}", BOTH: file}
        steps:
          s:
            uses: shell
            env: {STEP: "s${env.OUTER}", BOTH: step}
            with:
              run: |
                echo "1 ${c-d.e} $FILE $STEP $BOTH"
                echo '2 ${nope:-default} ${nope:-${a}} ${empty:-none} ${env.NO_SUCH:-unset}'
                echo '3 $${a} $a $5 {a} $$'
                echo '4 ${git.branch} ${git.short} ${git.tag} ${git.dirty}'
        """
    made = project({"pipeline.yaml": text, ".gitignore": ".buildtools\nbuild\n"})
    revision = made.commit()
    said = made.call("run", env={"OUTER": "outer"})
    clear(said, 0, "1 123 f123 souter step\n", "2 default 1 none unset\n", "3 ${a} $a $5 {a} $$\n")
    line = next(line for line in said.stdout.splitlines() if line.startswith("4 "))
    assert line.split() == ["4", "main", revision[: len(line.split()[2])], "false"]
    assert said.run_json["revision"] == revision


MAKE = """\
    from buildtools.plugin import Step, StepResult
    class Make(Step, frozen=True):
        "Make outputs."
        value: str = "v"
        def run(self, ctx):
            return StepResult(outputs={"value": self.value, "dotted.name": "dots"})
    class Known(Make, frozen=True):
        "Make outputs that are known beforehand."
        provides = ("value",)
    """


def test_outputs_of_steps(project: MakeProject) -> None:
    text = """\
        steps:
          first: {uses: make, with: {value: sub}}
          second: {uses: known, with: {value: "${steps.first.value}-2"}}
          use:
            uses: shell
            cwd: ${steps.first.value}
            env: {V: "${steps.second.value}"}
            with: {run: 'echo "$V ${steps.first.dotted.name} $(basename "$PWD")"'}
          never: {uses: make, when: {env: {NO_SUCH: "1"}}}
          default: {uses: shell, with: {run: 'echo ${steps.never.value:-fallback}'}}
        """
    made = project({"pipeline.yaml": text, "steps/make.py": MAKE, "sub/x": ""})
    clear(made.run(), 0, "sub-2 dots sub\n", "fallback\n")


def test_outputs_that_are_not_there(project: MakeProject) -> None:
    text = """\
        steps:
          a: {uses: known}
          b: {uses: shell, needs: [], with: {run: 'echo ${steps.a.value}'}}
          c: {uses: shell, with: {run: 'echo ${steps.a.valeu} ${steps.aa.value} ${steps.c.value} ${steps.d.value}'}}
          d: {uses: make}
        """
    made = project({"pipeline.yaml": text, "steps/make.py": MAKE})
    refused(made.run(), 3, "b does not wait for a", "add a to its `needs`", "a has no output valeu", "'value'?",
            "no step is called aa", "an output of its own", "does not wait for d")  # fmt: skip
    made.write({"pipeline.yaml": "steps:\n  a: {uses: make}\n  b: {uses: shell, with: {run: 'x ${steps.a.nope}'}}\n"})
    said = made.run()
    clear(said, 5, "pipeline.yaml:3:35: the step a has made no output nope")
    assert [said.status(step) for step in "ab"] == ["passed", "error"]
    made.write({"pipeline.yaml": "steps:\n  a: {uses: make}\n  b: {uses: pylint, with: {jobs: '${steps.a.value}'}}\n"})
    clear(made.run(), 5, "pipeline.yaml:3:", "jobs: expected a whole number", "found 'v'")


def test_a_matrix(project: MakeProject) -> None:
    text = """\
        steps:
          unit:
            uses: shell
            matrix:
              x: ["1", "2"]
              y: [p, q]
              exclude: [{x: "2", y: p}]
              include: [{x: "1", y: q, extra: more}, {x: "3", y: r}]
            env: {X: "${matrix.x}"}
            with: {run: 'echo "[$X ${matrix.y} ${matrix.extra:-none}]"; test $X != 3', check: true}
          after: {uses: shell, needs: ["unit[x=1,y=p]"], with: {run: 'true'}}
          all: {uses: shell, needs: [unit], with: {run: 'true'}}
        """
    said = project({"pipeline.yaml": text}).run("-k")
    clear(said, 1, "[1 p none]", "[1 q more]", "[2 q none]", "[3 r none]")
    assert [step for step in said.steps if step.startswith("unit")] == [
        "unit[x=1,y=p]", "unit[x=1,y=q]", "unit[x=2,y=q]", "unit[x=3,y=r]"]  # fmt: skip
    assert said.status("unit[x=3,y=r]") == "failed"
    assert said.status("after") == "passed"
    assert (said.status("all"), said.reason("all")) == ("skipped", "needs unit[x=3,y=r], which failed")


def test_when(project: MakeProject) -> None:
    conditions = {
        "branch": ("{branch: [main, 'release/*']}", True),
        "other": ("{branch: dev}", False),
        "message": ("{message: '*deploy*'}", True),
        "negated": ("{not: {branch: main}}", False),
        "env": ("{env: {CI_LIKE: 'yes'}}", True),
        "unset": ("{env: {NO_SUCH: false}}", True),
        "property": ("{property: {target: 'pr*'}}", True),
        "both": ("{branch: main, property: {target: test}}", False),
        "os": ("{os: [linux, macos]}", True),
        "tag": ("{tag: 'v*'}", True),
        "notag": ("{tag: 'w*'}", False),
    }
    lines = "".join(
        f"  {name}: {{uses: shell, needs: [], when: {when}, with: {{run: 'true'}}}}\n"
        for name, (when, _) in conditions.items()
    )
    text = f"properties: {{target: prod}}\nsteps:\n{lines}  last: {{uses: shell, with: {{run: 'true'}}}}\n"
    made = project({"pipeline.yaml": text})
    made.commit("Please deploy this")
    made.git("tag", "v1")
    said = made.call("run", "-v", env={"CI_LIKE": "yes"})
    clear(said, 0)
    expected = {name: "passed" if holds else "skipped" for name, (_, holds) in conditions.items()}
    assert {name: said.status(name) for name in conditions} == expected
    assert said.status("last") == "passed", "what when left out counts as satisfied"
    assert "branch is 'main', not dev" in said.stdout


def test_retries_and_flaky(project: MakeProject) -> None:
    count = "echo x >> n; test $(wc -l < n) -ge"
    made = project({"pipeline.yaml": f"steps: {{a: {{uses: shell, retries: 2, with: {{run: '{count} 3'}}}}}}"})
    said = made.run()
    clear(said, 0, "flaky: passed at attempt 3", "1 flaky")
    assert len(said.steps["a"]["earlier"]) == 2
    (made.root / "n").unlink()
    said = made.replace("pipeline.yaml", "-ge 3", "-ge 9").run()
    clear(said, 1, "3 attempts", "exit status 1")
    (made.root / "n").unlink()
    made.write({"pipeline.yaml": "steps: {a: {uses: shell, retries: 3, with: {run: [no-such-tool]}}}"})
    said = made.run()
    clear(said, 5)
    assert "earlier" not in said.steps["a"], "a tool does not appear by trying again"


def test_a_timeout_counts_for_each_attempt(project: MakeProject) -> None:
    text = "steps: {a: {uses: shell, retries: 1, timeout: 0.4, with: {run: 'test -e n || { touch n; sleep 60; }'}}}"
    said = project({"pipeline.yaml": text}).run()
    clear(said, 0, "flaky: passed at attempt 2")
    assert said.steps["a"]["earlier"][0]["result"]["cause"] == "timeout"


def test_allow_failure(project: MakeProject) -> None:
    text = """\
        steps:
          bad: {uses: shell, allow-failure: true, with: {run: 'false'}}
          broken: {uses: shell, allow-failure: true, with: {run: [no-such-tool]}}
          after: {uses: shell, needs: [bad], with: {run: echo after}}
        """
    said = project({"pipeline.yaml": text}).run()
    clear(said, 0, "allowed to fail", "after\n", "2 allowed to fail")
    assert [said.status(step) for step in ("bad", "broken", "after")] == ["failed", "error", "passed"]


def test_needs_instead_of_the_order(project: MakeProject) -> None:
    text = """\
        steps:
          slow: {uses: shell, with: {run: 'sleep 0.4; echo slow >> order'}}
          at-once: {uses: shell, needs: [], with: {run: echo at-once >> order}}
          last: {uses: shell, with: {run: echo last >> order}}
        """
    made = project({"pipeline.yaml": text})
    clear(made.run("-j", "2"), 0)
    assert (made.root / "order").read_text().split() == ["at-once", "slow", "last"]


def test_an_action_never_runs_beside_or_before_what_stands_above_it(project: MakeProject) -> None:
    text = """\
        steps:
          one: {uses: shell, with: {run: 'sleep 0.3; echo one >> order', check: true}}
          two: {uses: shell, with: {run: 'echo two >> order', check: true}}
          upload: {uses: shell, with: {run: echo upload >> order}}
          three: {uses: shell, with: {run: echo three >> order, check: true}}
        """
    made = project({"pipeline.yaml": text})
    clear(made.run("-j", "4"), 0)
    assert (made.root / "order").read_text().split() == ["two", "one", "upload", "three"]
    (made.root / "order").unlink()
    said = made.replace("pipeline.yaml", "echo two >> order", "exit 1").run("-k", "-j", "4")
    clear(said, 1)
    assert said.status("upload") == "skipped"
    assert (made.root / "order").read_text().split() == ["one"]


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        (("exit 0", "exit 0"), 0),
        (("exit 1", "exit 0"), 1),
        (("exit 1", "no-such-tool"), 5),
        (("no-such-tool", "exit 3"), 5),
    ],
)
def test_the_worst_exit_code_wins(project: MakeProject, codes: tuple[str, str], code: int) -> None:
    lines = "".join(f"  s{n}: {{uses: shell, with: {{run: {run}, check: true}}}}\n" for n, run in enumerate(codes))
    clear(project({"pipeline.yaml": f"steps:\n{lines}"}).run("-k"), code)


def test_nothing_to_check_is_no_success(project: MakeProject) -> None:
    text = "steps: {js: {uses: jslint, with: {dir: src}}, bad: {uses: shell, needs: [], with: {run: 'false'}}}"
    made = project({"pipeline.yaml": text, "src/readme.txt": ""})
    said = made.run("js")
    clear(said, 4, "nothing was checked")
    assert (said.status("js"), said.cause("js")) == ("error", "empty")
    clear(made.run("-k"), 4)
    clear(made.replace("pipeline.yaml", "dir: src", "dir: src, allow-empty: true").run("js"), 0)
