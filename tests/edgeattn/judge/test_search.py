"""What the search aims at, and how a limit that it missed is told."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from edgeattn.judge import search as module
from edgeattn.judge.comparison import torch_threads
from edgeattn.judge.request import FASTEST, Objective, Request
from edgeattn.judge.search import TIME_MARGIN, goal_of, recipe_files, trial_results, unmet
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search import Goal, Rig, SearchResult, Store, Trial
from edgeattn_export.search.goal import NO_LIMIT
from edgeattn_export.targets import TARGETS
from edgeattn_export.targets.cpu import CANDIDATES

GoalOf = Callable[..., Goal]

PLAIN = Goal()
ORIGINAL_MS = 12.0
UNREAD: Any = None  # the original is not asked


@pytest.fixture
def goal(monkeypatch: pytest.MonkeyPatch) -> GoalOf:
    """A function that returns the goal of a budget, where the original takes 12 ms."""
    monkeypatch.setattr(module, "_milliseconds", lambda *_: ORIGINAL_MS)

    def of(objective: Objective = FASTEST, target: str = "cpu", **limits: float) -> Goal:
        request = Request.read(target, limits, objective, has_metric=True)
        return goal_of(request, UNREAD, Samples(()), UNREAD)

    return of


def test_a_budget_that_is_silent_aims_higher_than_it_is_judged(goal: GoalOf) -> None:
    assert goal() == replace(PLAIN, is_aim=True)
    silent = goal(metric_drop=0.01)
    assert silent == replace(PLAIN, is_aim=True, thorough=True)


def test_a_target_of_coarser_numbers_aims_lower_by_itself(goal: GoalOf) -> None:
    silent = goal(target="qnn")
    assert (silent.r2, silent.r2_min) == TARGETS["qnn"].candidates.aim
    assert PLAIN.r2 > silent.r2 > 0.98
    given = goal(target="qnn", cosine=0.9995)
    assert (given.r2, given.r2_min) == (pytest.approx(0.999), NO_LIMIT)


def test_cosines_are_aimed_at_as_the_r2_of_answers_around_zero(goal: GoalOf) -> None:
    given = goal(cosine_min=0.9995)
    assert (given.r2, given.r2_min) == (NO_LIMIT, pytest.approx(0.999))
    assert (given.thorough, given.is_aim) == (True, False)
    given = goal(cosine=0.97, metric_drop=0.1)
    assert (given.r2, given.r2_min) == (pytest.approx(0.94), NO_LIMIT)


def test_an_r2_is_aimed_at_as_it_is_given(goal: GoalOf) -> None:
    given = goal(r2=0.97)
    assert (given.r2, given.r2_min) == (0.97, NO_LIMIT)
    assert goal(r2=0.97, cosine=0.999).r2 == pytest.approx(0.998)
    assert goal(r2=0.999, cosine=0.99).r2 == 0.999


def test_the_stricter_limit_on_time_counts_with_a_margin(goal: GoalOf) -> None:
    for limits, milliseconds in (
        ({"latency_ms": 5}, 5),
        ({"latency_ratio": 3}, ORIGINAL_MS / 3),
        ({"latency_ms": 5, "latency_ratio": 3}, ORIGINAL_MS / 3),
        ({"latency_ms": 3, "latency_ratio": 3}, 3),
    ):
        assert goal(**limits).latency_ms == pytest.approx(TIME_MARGIN * milliseconds)
    assert math.isinf(goal(size_mb=24).latency_ms)
    assert goal(size_mb=24).size_mb == 24


def test_the_original_is_timed_once_on_one_thread(
    captured: Captured, samples: SampleSplit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    take_turns = module.take_turns

    def noted(*given: Any, **more: Any) -> Any:
        threads.append(torch.get_num_threads())
        return take_turns(*given, **more)

    monkeypatch.setattr(module, "take_turns", noted)
    request = Request.read("cpu", {"latency_ratio": 2}, FASTEST)
    bench = Rig(CANDIDATES, "here", Store(tmp_path))
    with torch_threads(2):
        once, again = (goal_of(request, captured, samples.selection, bench) for _ in range(2))
    assert threads == [1]
    assert 0 < once.latency_ms == again.latency_ms < math.inf


def test_what_is_preferred_is_handed_on(goal: GoalOf) -> None:
    assert goal(Objective(prefer="size")).prefer == "size"


def trial(name: str, r2_min: float, latency_ms: float, size_mb: float) -> Trial:
    return Trial(Recipe(name, (), ()), (1 + r2_min) / 2, r2_min, latency_ms, size_mb)


EXACT = trial("exact", 0.9991, 9.0, 40.0)
FAST = trial("fast", 0.99, 4.0, 22.0)
SMALL = trial("small", 0.98, 6.0, 12.0)


def found(chosen: Trial, *missed: str) -> SearchResult:
    return SearchResult(chosen, (EXACT, FAST, SMALL), missed, ())


def test_the_limit_that_binds_is_named_with_what_came_nearest() -> None:
    goal = Goal(NO_LIMIT, 0.9995, latency_ms=TIME_MARGIN * 5, size_mb=24)
    (told,) = unmet(found(EXACT, "r2_min", "latency_ms", "size_mb"), goal)
    limits, _, nearest = told.partition("Nearest: ")
    assert "r2=0.9995 of the worst sample, latency_ms=5, size_mb=24 " in limits
    assert nearest.index("exact: ") < nearest.index("fast: ") < nearest.index("small: ")
    assert "exact: r2 0.99955, worst 0.99910, 9 ms, 40 MB;" in nearest


def test_only_what_the_user_asked_for_is_spoken_of() -> None:
    tightened = found(EXACT, "r2_min")  # a refinement aimed higher
    assert unmet(tightened, Goal(NO_LIMIT, 0.99)) == ()
    (told,) = unmet(found(FAST, "r2_min", "size_mb"), Goal(NO_LIMIT, 0.999, size_mb=24))
    assert "r2=0.999 of the worst sample" in told
    assert "size_mb" not in told


def test_a_followed_recipe_misses_no_goal() -> None:
    assert unmet(found(FAST), Goal(1.0, 1.0, size_mb=1.0)) == ()


def tried(name: str, r2_min: float, latency_ms: float, size_mb: float = 22.9) -> Trial:
    recipe = Recipe(name, (("*", Treatment("int8", (("smoothing", 0.7),))),), ("int8 rows",))
    return Trial(recipe, r2_min, r2_min, latency_ms, size_mb)


FASTEST_TRIAL = tried("fast", 0.985, 11.0)
EXACT_TRIAL = tried("exact", 0.999, 13.0)
DOMINATED_TRIAL = tried("dominated", 0.984, 12.0)


def test_the_front_comes_first_and_each_of_its_recipes_has_a_file() -> None:
    lines = trial_results([DOMINATED_TRIAL, EXACT_TRIAL, FASTEST_TRIAL, FASTEST_TRIAL], chosen=EXACT_TRIAL)
    assert [(line.name, line.number, line.front, line.chosen) for line in lines] == [
        ("fast", "01", True, False),
        ("exact", "02", True, True),
        ("dominated", "", False, False),
    ]
    files = recipe_files([DOMINATED_TRIAL, EXACT_TRIAL, FASTEST_TRIAL, FASTEST_TRIAL], chosen=EXACT_TRIAL)
    assert (
        list(files)
        == [line.recipe for line in lines[:2]]
        == [
            "recipes/01-fast.json",
            "recipes/02-exact.json",
        ]
    )
    assert json.loads(files["recipes/02-exact.json"]) == json.loads(EXACT_TRIAL.recipe.to_json())


def test_a_chosen_recipe_that_is_dominated_can_be_reached_too() -> None:
    lines = trial_results([FASTEST_TRIAL], chosen=DOMINATED_TRIAL)
    assert [(line.recipe, line.front, line.chosen) for line in lines] == [
        ("recipes/01-fast.json", True, False),
        ("recipes/02-dominated.json", False, True),
    ]
    assert recipe_files([FASTEST_TRIAL], chosen=DOMINATED_TRIAL).keys() == {line.recipe for line in lines}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cosine_min >= 0.998, é", "recipes/01-cosine_min-0.998.json"),
        ("../up", "recipes/01-..-up.json"),
        ("模型", "recipes/01-recipe.json"),
        ("x" * 100, f"recipes/01-{'x' * 60}.json"),
    ],
)
def test_a_file_has_a_name_that_every_bundle_may_hold(name: str, file: str) -> None:
    trial = tried(name, 0.99, 11.0)
    assert list(recipe_files([trial], chosen=trial)) == [file]
