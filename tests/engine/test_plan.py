from __future__ import annotations

import time

import pytest

from buildtools.core.errors import InvalidPipeline, NothingSelected, UsageProblem
from buildtools.engine.plan import Plan
from tests.engine.pipelines import Bench, check, spec


def ids(plan: Plan) -> str:
    return " ".join(step.id for step in plan.steps)


@pytest.fixture
def steps() -> tuple[object, ...]:
    return (
        check("lint", tags=("fast",)),
        check("unit[py=3.11]", tags=("slow",)),
        check("unit[py=3.12]", tags=("slow",)),
        spec("pack"),
        spec("upload", tags=("deploy",)),
    )


def test_everything_runs_in_written_order(bench: Bench, steps: tuple[object, ...]) -> None:
    plan = bench.plan(*steps)  # type: ignore[arg-type]
    assert ids(plan) == "lint unit[py=3.11] unit[py=3.12] pack upload"
    assert plan.steps[3].needs == ("lint", "unit[py=3.11]", "unit[py=3.12]")
    assert plan.steps[4].needs == ("pack",)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"steps": ("lint",)}, "lint"),
        ({"steps": ("unit",)}, "unit[py=3.11] unit[py=3.12]"),
        ({"steps": ("unit[py=3.12]",)}, "unit[py=3.12]"),
        ({"steps": ("pack",)}, "lint unit[py=3.11] unit[py=3.12] pack"),
        ({"steps": ("pack",), "no_needs": True}, "pack"),
        ({"steps": ("upload", "lint"), "no_needs": True}, "lint upload"),
        ({"tags": ("fast",)}, "lint"),
        ({"tags": ("fast", "slow")}, "lint unit[py=3.11] unit[py=3.12]"),
        ({"tags": ("deploy",), "no_needs": True}, "upload"),
        ({"from_step": "pack"}, "pack upload"),
        ({"from_step": "unit"}, "unit[py=3.11] unit[py=3.12] pack upload"),
        ({"steps": ("pack",), "from_step": "unit"}, "unit[py=3.11] unit[py=3.12] pack"),
    ],
)
def test_selections(bench: Bench, steps: tuple[object, ...], selection: dict[str, object], expected: str) -> None:
    assert ids(bench.plan(*steps, **selection)) == expected  # type: ignore[arg-type]


def test_a_skipped_step_stays_and_says_so(bench: Bench, steps: tuple[object, ...]) -> None:
    plan = bench.plan(*steps, skip=("unit",))  # type: ignore[arg-type]
    assert [step.skip for step in plan.steps] == ["", "left out by --skip", "left out by --skip", "", ""]


def test_conditions_are_said_before_anything_runs(bench: Bench, steps: tuple[object, ...]) -> None:
    plan = bench.plan(*steps, skips={"upload": "branch is not main"})  # type: ignore[arg-type]
    assert plan.steps[4].skip == "branch is not main"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"steps": ("lnt",)}, "no step is called 'lnt'. Did you mean 'lint'?"),
        ({"skip": ("pak",)}, "--skip: no step is called 'pak'. Did you mean 'pack'?"),
        ({"from_step": "x"}, "--from: no step is called 'x'."),
        ({"tags": ("slw",)}, "--tag: no step has the tag 'slw'. Did you mean 'slow'?"),
    ],
)
def test_unknown_names_are_wrong_usage(
    bench: Bench, steps: tuple[object, ...], selection: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageProblem) as caught:
        bench.plan(*steps, **selection)  # type: ignore[arg-type]
    assert caught.value.message == message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "selection",
    [
        {"steps": ("lint",), "skip": ("lint",)},
        {"steps": ("lint",), "tags": ("slow",)},
        {"steps": ("lint",), "from_step": "pack"},
    ],
)
def test_an_empty_selection_is_said(bench: Bench, steps: tuple[object, ...], selection: dict[str, object]) -> None:
    with pytest.raises(NothingSelected) as caught:
        bench.plan(*steps, **selection)  # type: ignore[arg-type]
    assert caught.value.exit_code == 4


def test_a_pipeline_without_steps_is_empty(bench: Bench) -> None:
    with pytest.raises(NothingSelected, match="has no steps"):
        bench.plan()


def test_needs_decide_the_order_and_the_file_decides_among_equals(bench: Bench) -> None:
    plan = bench.plan(spec("a", needs=("c",)), spec("b", needs=()), spec("c", needs=()))
    assert ids(plan) == "b c a"
    assert ids(bench.plan(*[plan.specs[step] for step in "abc"], from_step="c")) == "c a"


def test_a_cycle_is_refused(bench: Bench) -> None:
    with pytest.raises(InvalidPipeline, match="a, b"):
        bench.plan(spec("a", needs=("b",)), spec("b", needs=("a",)), spec("c", needs=()))


def test_twenty_thousand_steps_are_planned_quickly(bench: Bench) -> None:
    steps = [(check if number % 100 else spec)(f"s{number}") for number in range(20_000)]
    started = time.perf_counter()
    plan = bench.plan(*steps)
    assert time.perf_counter() - started < 2
    assert len(plan.steps) == 20_000
