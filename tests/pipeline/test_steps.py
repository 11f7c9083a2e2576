"""Needs, order, matrices and references between steps."""

from __future__ import annotations

import itertools
import random
import time

import pytest

from buildtools.core.model import Kind
from buildtools.core.step import Step
from buildtools.pipeline.load import InvalidFile
from buildtools.pipeline.model import Configured, StepSpec
from buildtools.pipeline.order import ancestors, effective_needs, find_cycle
from tests.pipeline.project import Project


def spec(name: str, kind: str, needs: tuple[str, ...] | None = None) -> StepSpec:
    return StepSpec(
        id=name,
        base=name,
        uses="x",
        plugin=Step,
        kind=Kind.CHECK if kind == "c" else Kind.ACTION,
        configure=lambda _: Configured(step=Step()),
        needs=needs,
    )


def named(kinds: str) -> list[StepSpec]:
    return [spec(f"{kind}{number}", kind) for number, kind in enumerate(kinds)]


def test_checks_side_by_side_and_actions_as_barriers() -> None:
    assert effective_needs(named("ccacca")) == {
        "c0": (),
        "c1": (),
        "a2": ("c0", "c1"),
        "c3": ("a2",),
        "c4": ("a2",),
        "a5": ("c3", "c4"),
    }
    assert effective_needs(named("aaa")) == {"a0": (), "a1": ("a0",), "a2": ("a1",)}


def test_own_needs_replace_the_rule_for_that_step_alone() -> None:
    steps = [spec("a", "a"), spec("b", "c", ()), spec("up", "a", ()), spec("c", "c"), spec("z", "a")]
    assert effective_needs(steps) == {
        "a": (),
        "b": (),
        "up": (),
        "c": ("a", "up"),
        "z": ("b", "up", "c"),
    }


def waits_for(needs: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    names = list(needs)
    return {
        step: {names[bit] for bit in range(len(names)) if mask >> bit & 1} for step, mask in ancestors(needs).items()
    }


@pytest.mark.parametrize("seed", range(30))
def test_the_rule_holds_for_any_mixture(seed: int) -> None:
    chance = random.Random(seed)
    specs: list[StepSpec] = []
    for number in range(14):
        needs = None
        if chance.random() < 0.3:
            needs = tuple(one.id for one in specs if chance.random() < 0.2)
        specs.append(spec(str(number), chance.choice("ca"), needs))
    found = waits_for(effective_needs(specs))
    # The rule, word for word and without any thought of size.
    plain = {}
    for index, one in enumerate(specs):
        above = specs[:index]
        if one.needs is not None:
            plain[one.id] = one.needs
        elif one.kind is Kind.ACTION:
            plain[one.id] = tuple(other.id for other in above)
        else:
            plain[one.id] = tuple(other.id for other in above if other.kind is Kind.ACTION)
    assert found == waits_for(plain)


def test_the_order_is_linear_in_size() -> None:
    for kinds in ("ca" * 1000, "cca" * 700, "c" * 2000, "a" * 2000, "c" * 1000 + "a" + "c" * 1000):
        edges = sum(map(len, effective_needs(named(kinds)).values()))
        assert edges <= 2 * len(kinds)


def test_cycles_are_found_without_deep_recursion() -> None:
    chain = {str(n): (str(n + 1),) for n in range(5_000)}
    assert find_cycle({**chain, "5000": ()}) == ()
    assert len(find_cycle({**chain, "5000": ("0",)})) == 5_002
    assert find_cycle({"a": ("b",), "b": ("c", "a"), "c": ("gone",)}) == ("a", "b", "a")
    assert ancestors({**chain, "5000": ()})["4999"].bit_count() == 1


STEP = "  %s: {uses: %s, needs: [%s]}\n"


@pytest.mark.parametrize(
    ("steps", "message", "hint", "column"),
    [
        (STEP % ("a", "probe", "a"), "the step 'a' needs itself", "", 28),
        (STEP % ("a", "probe", "b") + STEP % ("b", "probe", "a"), "a -> b -> a", "", 28),
        (
            STEP % ("a", "probe", "c") + STEP % ("b", "probe", "a") + STEP % ("c", "probe", "b"),
            "a -> c -> b -> a",
            "",
            28,
        ),
        (STEP % ("a", "probe", "z") + "  z: {uses: act, with: {needed: x}}\n", "a -> z -> a", "z has no `needs`", 28),
        (STEP % ("a", "probe", "bb") + "  b: {uses: probe}\n", "no step is called 'bb'", "did you mean 'b'?", 28),
        (STEP % ("a", "probe", "'m[x=2]'") + "  m: {uses: probe, matrix: {x: [1]}}\n", "'m[x=2]'", "'m[x=1]'", 28),
    ],
)
def test_wrong_needs(project: Project, steps: str, message: str, hint: str, column: int) -> None:
    problem = project.problem("steps:\n" + steps)
    assert message in problem.message
    assert hint in problem.hint
    assert (problem.line, problem.column) == (2, column)


def test_needs_of_a_step_that_is_broken_itself_are_not_blamed(project: Project) -> None:
    assert "is the text" in project.problem("steps:\n  a: text\n  b: {uses: probe, needs: [a]}\n").message


def test_the_keys_of_a_step(project: Project) -> None:
    pipeline = project.load(
        "name: ${p}\nproperties: {p: q}\nsteps:\n"
        "  one:\n    uses: probe\n    timeout: 1h30m\n    retries: 2\n    allow-failure: yes\n    cache: off\n"
        "    description: about ${p}\n    tags: [fast, ${p}]\n    env: {A: '${p}', B: }\n    cwd: ${p}/x\n"
        "    needs: []\n    when: {branch: main}\n"
        "  two: {uses: probe, needs: one, with: {act: true}, tags: slow}\n".replace("[fast, ${p}]", "[fast, '${p}']")
    )
    one, two = pipeline.steps
    assert pipeline.name == "q"
    assert (one.timeout, one.retries, one.allow_failure, one.cache) == (5400.0, 2, True, False)
    assert (one.description, one.tags, one.needs) == ("about q", ("fast", "q"), ())
    assert one.when is not None
    assert one.when.branch == ("main",)
    configured = one.configure({})
    assert (configured.env, configured.cwd) == ({"A": "q", "B": ""}, "q/x")
    assert (two.needs, two.kind, two.tags) == (("one",), Kind.ACTION, ("slow",))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("timeout: 0", "expected more than 0 seconds"),
        ("timeout: [1]", "expected a duration"),
        ("retries: 101", "of at most 100"),
        ("cwd: [a]", "cwd is one path"),
        ("env: [A]", "env is a mapping of names to texts"),
        ("env: {A: [b]}", "env: A must be one text"),
        ("env: {A=B: c}", "cannot name a variable"),
        ("needs: {a: b}", "needs is a list of steps"),
        ("needs: [[a]]", "needs is a list of steps"),
        ("when: main", "when is a mapping"),
        ("when: {brnch: main}", "no condition 'brnch'"),
        ("when: {branch: {a: b}}", "branch takes a text or a list of texts"),
        ("when: {env: CI}", "env is a mapping"),
        ("when: {os: beos}", "no system is called 'beos'"),
        ("when: {branch: }", "branch says nothing"),
        ("when: {branch: []}", "an empty list"),
        ("when: {not: {}}", "when says nothing"),
        ("when: {branch: '${steps.a.b}'}", "cannot be used here"),
        ("matrix: [a]", "matrix is a mapping"),
        ("matrix: {}", "the matrix has no member"),
        ("matrix: {a: []}", "the matrix has no member"),
        ("matrix: {a: [b, b]}", "the member [a=b] twice"),
        ("matrix: {a: ['b,c']}", "cannot have the value 'b,c'"),
        ("matrix: {a: [[b]]}", "takes texts, found a list"),
        ("matrix: {a: [1], exclude: [{b: 1}]}", "no axis 'b'"),
        ("matrix: {a: [1], include: [b]}", "include is a list of mappings"),
        ("with: {text: '${matrix.b}'}, matrix: {a: [1]}", "has no b"),
        (f"matrix: {{a: {list(range(17))}, b: {list(range(17))}}}", "289 members, more than 256"),
        ("uses: [a]", "uses is the name of a plugin"),
    ],
)
def test_wrong_keys_of_a_step(project: Project, key: str, message: str) -> None:
    uses = "" if "uses" in key else "uses: probe, "
    problem = project.problem(f"steps:\n  one: {{{uses}{key}}}\n")
    assert message in problem.message
    assert problem.line == 2


@pytest.mark.parametrize("steps", ["", "steps:\n", "steps: {}\n", "steps: []\n", "steps: text\n"])
def test_no_steps(project: Project, steps: str) -> None:
    assert "steps" in project.problem("name: x\n" + steps).message


@pytest.mark.parametrize("name", ["a b", "a/b", ".a", "-a", "ü", "a[b]", "''", "a:b"])
def test_wrong_names(project: Project, name: str) -> None:
    assert "cannot name a step" in project.problem(f"steps:\n  '{name.strip(chr(39))}': {{uses: probe}}\n").message


@pytest.mark.parametrize(
    ("value", "matrix"),
    [
        ("${secret.TOKEN}", "{t: ['%s']}"),
        ("x-${secret.TOKEN:-y}", "{t: '%s'}"),
        ("${env.NOTHING:-${secret.TOKEN}}", "{t: ['%s']}"),
        ("${outer}", "{t: ['%s']}"),
        ("${secret.TOKEN}", "{a: [1], include: [{t: '%s'}]}"),
        ("${secret.TOKEN}", "{t: [b], exclude: [{t: '%s'}]}"),
    ],
)
@pytest.mark.parametrize("token", ["hush", ""])
def test_a_secret_in_a_matrix_is_refused_where_it_stands(project: Project, value: str, matrix: str, token: str) -> None:
    head = "properties: {outer: '${inner}', inner: '<${secret.TOKEN}>'}\n"
    step = f"steps:\n  m: {{uses: probe, matrix: {matrix % value}}}\n"
    project.env["TOKEN"] = token
    (problem,) = project.problems(head + step)
    assert problem.message == "a value of a matrix cannot hold a secret (TOKEN)"
    assert problem.line == 3
    assert step.splitlines()[1][problem.column :].startswith(value)
    assert "`env`" in problem.hint
    assert "hush" not in problem.render()


def test_a_property_given_instead_of_a_secret_may_stand_in_a_matrix(project: Project) -> None:
    text = "properties: {p: '${secret.TOKEN}'}\nsteps: {m: {uses: probe, matrix: {t: ['${p}']}}}\n"
    project.properties["p"] = "x"
    assert [spec.id for spec in project.load(text).steps] == ["m[t=x]"]


def test_a_matrix(project: Project) -> None:
    pipeline = project.load(
        """
steps:
  unit:
    uses: probe
    matrix:
      django: ["4.2", 5.10]
      python: [3.11, 3.12]
      exclude: [{django: 4.2, python: 3.12}]
      include:
        - {django: 5.10, extra: more}
        - {django: main, python: 3.13}
    with: {text: "${matrix.django} ${matrix.python} ${matrix.extra:-no}"}
  after: {uses: probe, needs: [unit]}
  one: {uses: probe, needs: ["unit[django=5.10,python=3.11]"]}
"""
    )
    ids = [spec.id for spec in pipeline.steps]
    assert ids == [
        "unit[django=4.2,python=3.11]",
        "unit[django=5.10,python=3.11]",
        "unit[django=5.10,python=3.12]",
        "unit[django=main,python=3.13]",
        "after",
        "one",
    ]
    texts = [spec.configure({}).step.text for spec in pipeline.steps[:4]]  # type: ignore[attr-defined]
    assert texts == ["4.2 3.11 no", "5.10 3.11 more", "5.10 3.12 more", "main 3.13 no"]
    assert {spec.base for spec in pipeline.steps[:4]} == {"unit"}
    assert pipeline.steps[4].needs == tuple(ids[:4])
    assert pipeline.steps[5].needs == (ids[1],)


def test_outputs_of_steps_come_when_the_step_starts(project: Project) -> None:
    pipeline = project.load(
        "steps:\n  a.b: {uses: probe, matrix: {x: [1.5]}}\n"
        "  two:\n    uses: act\n    with: {needed: '-${steps.a.b[x=1.5].made}-'}\n"
        "    env: {S: '${steps.a.b[x=1.5].size}'}\n    cwd: ${steps.a.b[x=1.5].nope:-d}\n".replace(".nope:-d", ".made")
    )
    two = pipeline.steps[1]
    configured = two.configure({"a.b[x=1.5]": {"made": "m", "size": "7"}})
    assert configured.step.needed == "-m-"  # type: ignore[attr-defined]
    assert (configured.env, configured.cwd) == ({"S": "7"}, "m")
    with pytest.raises(InvalidFile, match=r"pipeline.yaml:5:\d+: the step a.b\[x=1.5\] has made no output made"):
        two.configure({"a.b[x=1.5]": {"size": "7"}})
    with pytest.raises(InvalidFile, match="it did not run"):
        two.configure({})


def test_an_output_that_does_not_fit(project: Project) -> None:
    pipeline = project.load(
        "steps:\n  a: {uses: act, with: {needed: x}}\n  b: {uses: probe, with: {count: '${steps.a.n}'}}\n"
    )
    step = pipeline.steps[1]
    assert step.configure({"a": {"n": "5"}}).step.count == 5  # type: ignore[attr-defined]
    with pytest.raises(InvalidFile, match=r"yaml:3:34: count: expected a whole number .* found 'x' \(from '\$\{steps"):
        step.configure({"a": {"n": "x"}})


@pytest.mark.parametrize(
    ("reference", "message", "hint"),
    [
        ("a.mad", "the step a has no output mad", "did you mean 'made'?"),
        ("c.made", "does not wait for c", "Write it below c"),
        ("side.made", "does not wait for side", "add side to its `needs`"),
        ("m.made", "the step m has a matrix", "m[x=1], m[x=2]"),
        ("aa.made", "no step is called aa", "did you mean"),
    ],
)
def test_wrong_references_to_steps(project: Project, reference: str, message: str, hint: str) -> None:
    text = (
        "steps:\n  a: {uses: probe}\n  m: {uses: probe, matrix: {x: [1, 2]}}\n  act: {uses: act, with: {needed: x}}\n"
        "  side: {uses: probe}\n  b: {uses: probe, with: {count: '${steps.%s}', ratio: x}}\n  c: {uses: probe}\n"
    )
    found = project.problems(text % reference)
    assert [problem.line for problem in found] == [6, 6]
    assert message in found[0].message
    assert hint in found[0].hint
    assert "ratio" in found[1].message


def test_what_a_step_says_of_its_options_beside_one_that_is_late(project: Project) -> None:
    found = project.problems(
        "steps:\n  a: {uses: pack, with: {version: 1}}\n  b:\n    uses: upload\n    with:\n"
        "      archive: ${steps.a.archive}\n      hosts: ['no host']\n"
    )
    assert [(problem.line, problem.column) for problem in found] == [(7, 15)]
    assert "hosts: 'no host' is no host" in found[0].message


def test_an_option_that_decides_the_kind_beside_one_that_is_late(project: Project) -> None:
    pipeline = project.load(
        "steps:\n  a: {uses: probe}\n  b: {uses: probe, needs: [a], with: {act: true, text: '${steps.a.made}'}}\n"
    )
    assert pipeline.steps[1].kind is Kind.ACTION


def test_two_thousand_steps_are_read_in_well_under_a_second(project: Project) -> None:
    lines = ["properties: {a: b}", "steps:"]
    for number, kind in zip(range(2000), itertools.cycle(["probe", "act"]), strict=False):
        option = "{needed: '${a} ${env.H}'}" if kind == "act" else f"{{text: t{number}, paths: [a, b], wait: 5m}}"
        lines.append(f"  s{number}:\n    uses: {kind}\n    with: {option}\n    env: {{A: '${{a}}'}}\n    timeout: 5m")
        if number > 2 and number % 5 == 0:
            lines.append(f"    needs: [s{number - 1}]")
        if number > 2 and number % 3 == 0:
            lines.append(f"    cwd: ${{steps.s{number - 2}.made}}" if kind == "act" else "    cwd: x")
    project.env = {"H": "h"}
    text = "\n".join(lines).replace("steps.s1.made", "env.H")
    started = time.process_time()
    pipeline = project.load(text)
    assert len(pipeline.steps) == 2000
    assert time.process_time() - started < 2  # a slow machine under load; 0.4 s by itself


def test_a_key_of_a_step_that_stands_too_far_left(project: Project) -> None:
    problems = project.problems("steps:\n  a:\n  uses: act\n")
    found = {problem.place.rpartition("/")[2]: problem.hint for problem in problems}
    assert found["pipeline.yaml:3:9"] == "`uses` is a key of a step: indent it below the step's name."


BAD_KIND = """
from buildtools.plugin import Kind, Step
class Odd(Step, frozen=True):
    how: str = ""
    def effective_kind(self):
        return {"raise": Kind.nothing} if self.how == "raise" else {"": Kind.CHECK, "text": "action"}.get(self.how)
    def run(self, ctx):
        raise NotImplementedError
"""


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", "the plugin odd failed to say its kind: AttributeError: "),
        ("none", "the plugin odd says that its kind is 'None'"),
    ],
)
def test_a_plugin_that_does_not_know_its_kind_is_named(project: Project, how: str, message: str) -> None:
    project.write("steps/odd.py", BAD_KIND)
    problem = project.problem(f"steps:\n  a: {{uses: odd, with: {{how: {how}}}, matrix: {{x: [1, 2]}}}}\n")
    assert problem.message.startswith(message)
    assert (problem.line, problem.column) == (2, 13)
    assert "Kind.CHECK or Kind.ACTION" in problem.hint


def test_a_kind_may_be_said_as_text(project: Project) -> None:
    project.write("steps/odd.py", BAD_KIND)
    pipeline = project.load("steps:\n  a: {uses: odd}\n  b: {uses: odd, with: {how: text}}\n")
    assert [step.kind for step in pipeline.steps] == [Kind.CHECK, Kind.ACTION]
