from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from edgeattn.judge import choosing
from edgeattn.judge.budget import Budget
from edgeattn.judge.choosing import MARGIN, NO_LIMIT, Wish, choose, goal_of, unmet, words
from edgeattn.measure.runners import Runner
from edgeattn.progress import Silent
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize import DYNAMIC_INT8, Recipe
from edgeattn_export.quantize.float_parts import FloatParts
from edgeattn_export.quantize.parts import Parts
from edgeattn_export.quantize.saturation import Risk
from edgeattn_export.search import Found, Goal, Store, Trial
from edgeattn_runtime.manifest import MAIN_GRAPH

GoalOf = Callable[..., Goal]

PLAIN = Goal()
ORIGINAL_MS = 12.0


@pytest.fixture
def goal(monkeypatch: pytest.MonkeyPatch) -> GoalOf:
    """A function that returns the goal of a budget, where the original takes 12 ms."""
    monkeypatch.setattr(choosing, "_milliseconds", lambda *_: ORIGINAL_MS)

    def of(wish: Wish = Wish(), **limits: float) -> Goal:  # noqa: B008 - frozen
        return goal_of(Budget.read(limits, has_metric=True), wish, None, Samples(()), Store(None))

    return of


def test_a_budget_that_is_silent_aims_higher_than_it_is_judged(goal: GoalOf) -> None:
    assert goal() == PLAIN
    silent = goal(metric_drop=0.01)
    assert (silent.cosine_mean, silent.cosine_min) == (PLAIN.cosine_mean, PLAIN.cosine_min)
    assert silent.thorough


def test_cosines_are_aimed_at_as_they_are_given(goal: GoalOf) -> None:
    given = goal(cosine_min=0.9995)
    assert (given.cosine_mean, given.cosine_min) == (NO_LIMIT, 0.9995)
    assert given.thorough
    given = goal(cosine=0.97, metric_drop=0.1)
    assert (given.cosine_mean, given.cosine_min) == (0.97, NO_LIMIT)


def test_the_stricter_limit_on_time_counts_with_a_margin(goal: GoalOf) -> None:
    for limits, milliseconds in (
        ({"latency_ms": 5}, 5),
        ({"latency_ratio": 3}, ORIGINAL_MS / 3),
        ({"latency_ms": 5, "latency_ratio": 3}, ORIGINAL_MS / 3),
        ({"latency_ms": 3, "latency_ratio": 3}, 3),
    ):
        assert goal(**limits).latency_ms == pytest.approx(MARGIN * milliseconds)
    assert math.isinf(goal(size_mb=24).latency_ms)
    assert goal(size_mb=24).size_mb == 24


def test_the_original_is_timed_once_on_one_thread(
    captured: Captured, halves: tuple[Samples, Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    timed = choosing._timed

    def noted(original: Runner, samples: Samples) -> float:
        threads.append(torch.get_num_threads())
        return timed(original, samples)

    monkeypatch.setattr(choosing, "_timed", noted)
    budget, store = Budget.read({"latency_ratio": 2}), Store(tmp_path)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    once, again = (goal_of(budget, Wish(), captured, halves[0], store) for _ in range(2))
    torch.set_num_threads(before)
    assert threads == [1]
    assert 0 < once.latency_ms == again.latency_ms < math.inf


def test_what_is_preferred_is_handed_on(goal: GoalOf) -> None:
    assert goal(Wish(prefer="size")).prefer == "size"


def test_a_given_recipe_is_followed_and_nothing_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(choosing, "follow_bundle", lambda *given, **_: told.append(("follow", given[1])))
    monkeypatch.setattr(choosing, "search_bundle", lambda *given, **_: told.append(("search", given[1])))
    for wish in (Wish(), Wish(recipe=DYNAMIC_INT8)):
        choose(FloatParts({}, {}), PLAIN, wish, Store(None), Silent())
    assert told == [("search", PLAIN), ("follow", DYNAMIC_INT8)]


def trial(name: str, cosine_min: float, latency_ms: float, size_mb: float) -> Trial:
    return Trial(Recipe(name, (), ()), (1 + cosine_min) / 2, cosine_min, latency_ms, size_mb)


EXACT = trial("exact", 0.9991, 9.0, 40.0)
FAST = trial("fast", 0.99, 4.0, 22.0)
SMALL = trial("small", 0.98, 6.0, 12.0)


def found(chosen: Trial, *missed: str, notes: tuple[str, ...] = ()) -> Found:
    return Found(chosen, (EXACT, FAST, SMALL), missed, notes)


def test_the_limit_that_binds_is_named_with_what_came_nearest() -> None:
    goal = Goal(NO_LIMIT, 0.9995, latency_ms=MARGIN * 5, size_mb=24)
    (told,) = unmet(found(EXACT, "cosine_min", "latency_ms", "size_mb"), goal)
    assert told == (
        "No recipe meets cosine_min=0.9995, latency_ms=5, size_mb=24 on the calibrating samples, with a "
        "margin and together with the other limits. Nearest: exact: cosine 0.99955, worst 0.99910, 9 ms, "
        "40 MB; fast: cosine 0.99500, worst 0.99000, 4 ms, 22 MB; small: cosine 0.99000, worst 0.98000, "
        "6 ms, 12 MB. "
        "One of the limits has to give."
    )


def test_only_what_the_owner_asked_for_is_spoken_of() -> None:
    tightened = found(EXACT, "cosine_min")  # a repair aimed higher
    assert unmet(tightened, Goal(NO_LIMIT, 0.99)) == ()
    (told,) = unmet(found(FAST, "cosine_min", "size_mb"), Goal(NO_LIMIT, 0.999, size_mb=24))
    assert told.startswith("No recipe meets cosine_min=0.999 on")


def test_a_followed_recipe_misses_no_goal() -> None:
    assert unmet(found(FAST), Goal(1.0, 1.0, size_mb=1.0)) == ()


def test_notes_of_the_search_of_its_store_and_of_its_graphs_are_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.ignored = 2
    risky = SimpleNamespace(risks=(Risk("head", "y", 12, 0.91),))
    parts = Parts({MAIN_GRAPH: SimpleNamespace(risks=()), "encoder": risky}, {})
    first, second, third = words(found(EXACT, notes=("Int8 is not faster here.",)), parts, store)
    assert first == "Int8 is not faster here."
    assert second.startswith("Layer 'head' may answer otherwise on x86 without VNNI")
    assert third == f"2 files in {tmp_path} belong to something else and were ignored."
