"""Every flag of `run`, and its environment variable."""

from __future__ import annotations

import json
import re
import time

import pytest

from buildtools.pipeline.layers import LOCAL
from tests.conftest import MakeProject
from tests.e2e.running import FINE, clear, refused

STEPS = """\
    properties: {word: file, code: "0"}
    steps:
      a: {uses: shell, tags: [quick], with: {run: 'echo ${word}', check: true}}
      b: {uses: shell, tags: [quick, slow], with: {run: 'echo bee; exit ${code}', check: true}}
      c: {uses: shell, with: {run: echo sea}}
      d: {uses: shell, when: {env: {DEPLOY: "yes"}}, with: {run: echo deed}}
      e: {uses: shell, needs: [a], with: {run: echo eee}}
      m:
        uses: shell
        matrix: {x: ["1", "2"], y: [p, q], exclude: [{x: "2", y: p}], include: [{x: "3", y: r}]}
        with: {run: 'echo m${matrix.x}${matrix.y}', check: true}
    """
MEMBERS = ["m[x=1,y=p]", "m[x=1,y=q]", "m[x=2,y=q]", "m[x=3,y=r]"]


def ids(text: str) -> list[str]:
    """Return the steps of a dry run."""
    return [line.split()[0] for line in text.splitlines()[2:]]


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        ("", ["a", "b", "c", "d", "e", *MEMBERS]),
        ("a", ["a"]),
        ("c", ["a", "b", "c"]),
        ("c --no-needs", ["c"]),
        ("e c", ["a", "b", "c", "e"]),
        ("m[x=2,y=q]", ["a", "b", "c", "d", "e", "m[x=2,y=q]"]),
        ("m --no-needs", MEMBERS),
        ("--tag slow", ["b"]),
        ("--tag quick --tag slow", ["a", "b"]),
        ("--tag quick a", ["a"]),
        ("--from e", ["e", *MEMBERS]),
        ("--from m", MEMBERS),
    ],
)
def test_what_is_selected(project: MakeProject, words: str, steps: list[str]) -> None:
    said = project({"pipeline.yaml": STEPS}).run("--dry-run", *words.split())
    clear(said, 0, "would run")
    assert sorted(ids(said.stdout)) == sorted(steps)
    assert not (said.project.root / ".buildtools").exists()


def test_skipping_counts_as_done(project: MakeProject) -> None:
    said = project({"pipeline.yaml": STEPS}).run("--skip", "b", "--skip", "m", "-v", "-P", "code=1")
    clear(said, 0, "left out by --skip")
    assert {step: said.status(step) for step in ("a", "b", "c", "m[x=1,y=p]")} == {
        "a": "passed",
        "b": "skipped",
        "c": "passed",
        "m[x=1,y=p]": "skipped",
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("nope", 2, "no step is called 'nope'"),
        ("--skip bb", 2, "--skip: no step is called 'bb'. Did you mean 'b'?"),
        ("--from cc", 2, "--from: no step is called 'cc'. Did you mean 'c'?"),
        ("--tag slwo", 2, "--tag: no step has the tag 'slwo'. Did you mean 'slow'?"),
        ("m[x=9,y=p]", 2, "no step is called 'm[x=9,y=p]'. Did you mean 'm["),
        ("--tag slow a", 4, "Nothing to run: no step is left by a --tag slow"),
        ("a --skip a", 4, "Nothing to run"),
        ("--timeout soon", 2, "'--timeout': 'soon' is no duration such as"),
        ("--timeout 0", 2, "'--timeout': expected more than 0 seconds"),
        ("-j 0", 2, "'0' is neither a number above 0 nor 'auto'"),
        ("-j many", 2, "'many' is neither"),
        ("-P novalue", 2, "'novalue' is not of the form NAME=VALUE"),
        ("-P =x", 2, "'=x' is not of the form NAME=VALUE"),
        ("-P 1x=2", 3, "'1x' cannot name a property"),
        ("-P coed=2", 3, "-P coed: the pipeline file neither defines nor uses such a property"),
        ("-P coed=2", 3, "did you mean 'code'?"),
        ("--report junit", 2, "'junit' is not of the form KIND=PATH"),
        ("--report junti=x", 2, "'junti' is not one of junit, "),
        ("--output xml", 2, "'xml' is not one of"),
        ("--color blue", 2, "'blue' is not one of"),
        ("--tagg x", 2, "Did you mean '--tag'?"),
        ("-C /no/such/folder", 2, "-C /no/such/folder: No such file or directory"),
        ("-f no.yaml", 3, "no.yaml: no such file"),
        ("no.yaml", 3, "no.yaml: no such file"),
        ("pipelines/x", 3, "pipelines/x: no such file"),
    ],
)
def test_a_flag_that_makes_no_sense(project: MakeProject, words: str, code: int, said: str) -> None:
    refused(project({"pipeline.yaml": STEPS}).run(*words.split()), code, said)


def test_an_unknown_command(project: MakeProject) -> None:
    refused(project().call("rnu"), 2, "No such command 'rnu'", "Did you mean 'run'?")


def test_after_a_failure_nothing_new_starts_unless_it_is_to_keep_going(project: MakeProject) -> None:
    text = """\
        steps:
          bad: {uses: shell, with: {run: 'false', check: true}}
          beside: {uses: shell, with: {run: sleep 0.3, check: true}}
          after: {uses: shell, with: {run: 'true'}}
          other: {uses: shell, needs: [beside], with: {run: 'true'}}
        """
    made = project({"pipeline.yaml": text})
    said = made.run("-j", "2")
    clear(said, 1, "not started, since bad did not pass")
    assert [said.status(step) for step in ("bad", "beside", "after", "other")] == [
        "failed", "passed", "skipped", "skipped"]  # fmt: skip
    assert said.reason("after") == "needs bad, which failed"
    said = made.run("-k")
    clear(said, 1)
    assert [said.status(step) for step in ("bad", "beside", "after", "other")] == [
        "failed", "passed", "skipped", "passed"]  # fmt: skip


def test_the_number_of_jobs(project: MakeProject) -> None:
    check = "{uses: shell, with: {run: 'echo $(date +%s%N) >> t; sleep 0.4; echo $(date +%s%N) >> t', check: true}}"
    made = project({"pipeline.yaml": f"steps: {{a: {check}, b: {check}}}"})
    for jobs, together in (("1", False), ("2", True), ("auto", None)):
        (made.root / "t").write_text("")
        clear(made.run("--jobs", jobs), 0)
        lines = (made.root / "t").read_text().split()
        assert len(lines) == 4
        apart = int(lines[1]) - int(lines[0]) > 350_000_000
        assert together is None or apart is not together, jobs


def test_reports_go_where_they_are_asked_for(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE})
    words = ("--reports", "out", "--junit", "one/j.xml", "--report", "json=two/r.json", "--report", "junit=three.xml")
    clear(made.run(*words), 0)
    files = {str(path.relative_to(made.root)) for path in made.root.rglob("*.*") if ".buildtools" not in path.parts}
    usual = {"out/junit.xml", "out/run.json", "out/report.html"}
    assert files == {"pipeline.yaml", *usual, "one/j.xml", "two/r.json", "three.xml"}
    assert (made.root / "one/j.xml").read_bytes() == (made.root / "out/junit.xml").read_bytes()


def test_given_places_start_here_and_the_usual_one_in_the_project(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE, "sub/x": ""})
    clear(made.call("run", "-C", "sub", "--junit", "here.xml"), 0)
    assert (made.root / "sub/here.xml").exists()
    assert (made.root / "build/reports/junit.xml").exists()
    clear(made.call("-C", "sub", "run", "--reports", "out"), 0)
    assert (made.root / "sub/out/run.json").exists()


@pytest.mark.parametrize(
    ("words", "code"), [((), 3), (("nostep",), 3), (("fine.yaml", "nostep"), 2), (("fine.yaml", "--skip", "s"), 4)]
)
def test_reports_of_an_earlier_run_do_not_pass_for_this_one(
    project: MakeProject, words: tuple[str, ...], code: int
) -> None:
    fine = "steps: {s: {uses: shell, with: {run: 'true'}}}"
    made = project({"pipeline.yaml": "steps: {s: {uses: nonsense}}", "fine.yaml": fine})
    left = [made.root / "build/reports" / name for name in ("junit.xml", "run.json", "report.html")]
    clear(made.run("fine.yaml"), 0)
    clear(made.run("fine.yaml", "--dry-run"), 0)
    assert all(path.exists() for path in left)
    clear(made.run(*words), code)
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize(
    ("words", "code"),
    [(("nostep",), 2), (("--skip", "s"), 4), (("ill.yaml",), 3), (("-P", "1x=2"), 3), (("unmet.yaml",), 3)],
)
def test_before_a_run_begins_only_old_reports_go(project: MakeProject, words: tuple[str, ...], code: int) -> None:
    files = {
        "pipeline.yaml": "steps: {s: {uses: shell, with: {run: 'true'}}}",
        "ill.yaml": "steps: {s: {uses: nonsense}}",
        "unmet.yaml": "steps: {s: {uses: shell, with: {run: 'echo ${secret.NO_SUCH}'}}}",
        "important.txt": "mine",
        "mine/report.html": "mine",
    }
    made = project(files)
    clear(made.run("--report", "html=old.html", "--junit", "old.xml"), 0)
    clear(made.run("--reports", "old"), 0)
    wanted = ("--report", "html=important.txt", "--report", "html=old.html", "--junit", "old.xml")
    clear(made.run(*words, "--reports", "mine", *wanted), code)
    clear(made.run(*words, "--reports", "old"), code)
    assert {name: (made.root / name).read_text() for name in files} == files
    assert not [name for name in ("old.html", "old.xml", "old/run.json") if (made.root / name).exists()]
    clear(made.run("--reports", "mine", *wanted), 0)
    assert (made.root / "important.txt").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("path", ["pipeline.yaml", "link", "sub/../pipeline.yaml", "p.env", "s.env", "p.link", LOCAL])
def test_no_report_takes_the_place_of_what_the_pipeline_is_read_from(project: MakeProject, path: str) -> None:
    files = {
        "pipeline.yaml": "properties-files: [p.env]\nsteps: {s: {uses: shell, with: {run: 'echo ran'}}}\n",
        LOCAL: "secrets-file: s.env\n",
        "p.env": "a=1\n",
        "s.env": "S=secretive\n",
    }
    made = project({**files, "sub/x": ""})
    (made.root / "s.env").chmod(0o600)
    (made.root / "link").symlink_to("pipeline.yaml")
    (made.root / "p.link").symlink_to("p.env")
    for option in ("--junit", "--report=html="):
        said = made.run(*((option, path) if option == "--junit" else (option + path,)))
        clear(said, 2, "report would take the place of a file that the pipeline is read from", "another path")
        assert "ran" not in said.stdout
    assert {name: (made.root / name).read_text() for name in files} == files
    assert (made.root / "link").is_symlink()


def test_a_pipeline_among_the_reports_stays(project: MakeProject) -> None:
    made = project({"build/reports/run.json": "steps: {s: {uses: shell, with: {run: 'true'}}}"})
    (made.root / "pipeline.yaml").symlink_to("build/reports/run.json")
    clear(made.run(), 2, "run.json: the json report would take the place of a file")
    assert (made.root / "build/reports/run.json").exists()


def test_how_much_is_said(project: MakeProject) -> None:
    made = project({"pipeline.yaml": STEPS})
    quiet = made.run("--quiet")
    clear(quiet, 0)
    assert re.fullmatch(r"PASSED  8 passed, 1 skipped in \S+ s\n", quiet.stdout)
    loud = made.run("--verbose")
    clear(loud, 0, "env: DEPLOY is not set, not yes", "uses shell")
    assert "DEPLOY" not in made.run().stdout
    bad = made.run("-q", "-P", "code=3")
    clear(bad, 1, "failed     b", "exit status 3", "run it alone: buildtools run -P code=3 b")
    assert "eee" not in bad.stdout


def test_the_line_that_runs_a_step_alone_works(project: MakeProject) -> None:
    made = project({"my pipe.yaml": STEPS})
    said = made.run("my pipe.yaml", "-P", "code=3", "-P", "word=a b")
    clear(said, 1)
    line = next(line for line in said.stdout.splitlines() if "run it alone" in line)
    assert line.strip() == "run it alone: buildtools run 'my pipe.yaml' -P code=3 -P 'word=a b' b"


@pytest.mark.parametrize(
    ("words", "env", "coloured"),
    [
        ("", {}, False),
        ("--color always", {}, True),
        ("--color always", {"NO_COLOR": "1"}, True),
        ("", {"FORCE_COLOR": "1"}, True),
        ("", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("--color never", {"FORCE_COLOR": "1"}, False),
        ("", {"FORCE_COLOR": "0"}, False),
    ],
)
def test_colour(project: MakeProject, words: str, env: dict[str, str], coloured: bool) -> None:
    made = project({"pipeline.yaml": FINE})
    for command in ("run", "list"):
        said = made.call(command, *words.split(), env=env)
        clear(said, 0)
        assert ("\x1b" in said.stdout) is coloured, command


def test_json_lines_tell_the_whole_story(project: MakeProject) -> None:
    said = project({"pipeline.yaml": STEPS}).run("--output", "jsonl", "-P", "code=1", "-k")
    clear(said, 1)
    events = [json.loads(line) for line in said.stdout.splitlines()]
    assert events[0]["event"] == "run-started"
    assert events[0]["schema_version"] == events[-1]["result"]["schema_version"] == 1
    assert [step["id"] for step in events[0]["steps"]] == ["a", "b", "c", "d", "e", *MEMBERS]
    assert {event["run"]["id"] for event in events if event["event"] == "step-finished"} == set(said.steps)
    assert (events[-1]["event"], events[-1]["exit_code"]) == ("run-finished", 1)
    assert events[-1]["result"]["steps"] == said.run_json["steps"]


@pytest.mark.parametrize("words", [("-C", "{0}", "run"), ("run", "-C", "{0}"), ("run", "-f", "{0}/pipeline.yaml")])
def test_another_folder(project: MakeProject, words: tuple[str, ...]) -> None:
    made = project({"sub/pipeline.yaml": "steps: {a: {uses: shell, with: {run: pwd}}}"})
    clear(made.call(*(word.format("sub") for word in words)), 0, f"{made.root}/sub\n")
    assert (made.root / "sub/build/reports/junit.xml").is_file()


def test_from_a_folder_below(project: MakeProject) -> None:
    made = project({"pipeline.yaml": "steps: {a: {uses: shell, with: {run: pwd}}}", "src/deep/x": ""})
    clear(made.call("-C", "src/deep", "run"), 0, f"\n{made.root}\n")
    assert not (made.root / "src/deep/build").exists()


def test_offline_is_passed_on(project: MakeProject) -> None:
    plugin = """\
        from buildtools.plugin import Step, StepResult
        class Far(Step, frozen=True):
            "Say whether it may fetch."
            def run(self, ctx):
                ctx.output(f"offline: {ctx.offline}")
                return StepResult()
        """
    made = project({"pipeline.yaml": "steps: {a: {uses: far}}", "steps/far.py": plugin})
    clear(made.run(), 0, "offline: False")
    clear(made.run("--offline"), 0, "offline: True")


def test_every_flag_has_its_variable(project: MakeProject) -> None:
    made = project({"pipeline.yaml": STEPS, "other/pipeline.yaml": FINE})

    def run(**flags: str) -> str:
        said = made.run(env={f"BUILDTOOLS_RUN_{name.upper()}": value for name, value in flags.items()})
        clear(said, 0)
        return said.stdout

    assert ids(run(dry_run="1", tag="slow")) == ["b"]
    assert ids(run(dry_run="true", **{"from": "m"})) == MEMBERS
    assert "left out by --skip" in run(skip="b c", verbose="1")
    assert run(quiet="1", keep_going="yes", offline="on").startswith("PASSED  ")
    assert "\nlaid over\n" not in run(property="word=laid")
    assert "\nlaid\n" in run(property="word=laid")
    assert '"event":"run-finished"' in run(output="jsonl", timeout="5m")
    assert "\x1b" in run(color="always", jobs="1")
    assert ", 1 at a time" not in run(jobs="1")
    assert "fine" in run(file="other/pipeline.yaml")
    assert "fine" in run(directory="other")
    run(reports="r", junit="j.xml", report="json=k.json junit=l.xml")
    assert {"j.xml", "k.json", "l.xml", "r"} <= {path.name for path in made.root.iterdir()}
    clear(made.run(env={"BUILDTOOLS_RUN_JOBS": "zero"}), 2, "'zero' is neither")
    clear(made.run("-j", "1", env={"BUILDTOOLS_RUN_JOBS": "zero"}), 0)


def test_step_takes_its_flags_before_the_plugin_and_options_behind(project: MakeProject) -> None:
    made = project()
    said = made.call("step", "--output", "jsonl", "shell", "echo one; exit 3")
    clear(said, 1, '"event":"run-finished"')
    said = made.call("step", "shell", "echo", "two words")
    clear(said, 0, "\ntwo words\n")
    clear(made.call("step", "shell"), 3, "run", "shell needs the option run")
    clear(made.call("step", "shel"), 2, "no plugin is called 'shel'", "did you mean 'shell'?")
    clear(made.call("step", "shell", "--chek", "x"), 2, "No such option '--chek'")
    said = made.call("step", "shell", "x", "--no-cache")
    clear(said, 2, "--no-cache says how to run the step", "before its plugin: buildtools step --no-cache shell …")
    said = made.call("step", "jslint", "--options", "browser=yes")
    clear(said, 3, "--options: browser: 'yes' is neither true nor false nor a whole number")
    clear(made.call("step", "pylint", "--fail-under", "abc"), 3, "--fail-under", "expected a number", "'abc'")


def test_the_run_ends_soon(project: MakeProject) -> None:
    """A no-op run is quick: nobody waits for a poll, a tick or a thread."""
    made = project({"pipeline.yaml": FINE})
    made.run()
    at = time.monotonic()
    clear(made.run(), 0)
    assert time.monotonic() - at < 3


def test_what_a_step_takes_as_arguments_has_a_flag_too(project: MakeProject) -> None:
    made = project()
    assert "well\n" in made.call("step", "shell", "--run", "echo well").stdout
    assert "a  b\n" in made.call("step", "shell", "echo", "a  b").stdout
    both = made.call("step", "shell", "--run", "echo well", "echo bad")
    assert both.code == 2
    assert "--run says what the arguments say" in both.stderr
    assert "--run TEXT" in made.call("step", "shell", "--help").stdout
