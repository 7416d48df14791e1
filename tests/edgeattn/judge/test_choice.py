"""A recipe is tried on samples that it was not made by, and refined where they disagree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from edgeattn.judge import choice as choosing
from edgeattn.judge.choice import REFINEMENTS, TIGHTER, Choice, Chooser
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.footprint import MARGIN, graphs_mb
from edgeattn.judge.measures import Scores
from edgeattn.judge.padding import Padded
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Progress, Silent
from edgeattn_export.cache import with_cache
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraphs, float_graphs
from edgeattn_export.quantize.graphs import Graphs as Parts8
from edgeattn_export.quantize.graphs import int8_graphs
from edgeattn_export.quantize.recipe import EVERY
from edgeattn_export.quantize.saturation import Risk
from edgeattn_export.recover import recover
from edgeattn_export.search import Goal, Rig, SearchResult
from edgeattn_export.search.bundle_search import follow_bundle, search_bundle
from edgeattn_export.targets import lower_for
from edgeattn_export.targets.cpu import CPU, DYNAMIC_INT8, FORMS
from edgeattn_runtime.golden import Sample as Golden
from edgeattn_runtime.manifest import MAIN_GRAPH

ASKED = 0.98
GOOD = Scores(cosine=(0.999,), cosine_float=(1.0,), max_abs=(0.1,), snr_db=(20.0,))
BAD = replace(GOOD, cosine=(ASKED - 0.01,))
SMALLEST = Objective("size")  # which, unlike the fastest, is the same in every run
SMALL = Recipe("small", ((EVERY, Treatment("int4 blocks")),), ())
Choose = Callable[..., Choice]


@pytest.fixture(scope="module")
def floats(captured: Captured, samples: SampleSplit) -> FloatGraphs:
    """The tiny model's float graph, as the search begins with it."""
    cached = with_cache(captured, recover(captured, samples.calibration), samples.calibration)
    lowered = lower_for(CPU, cached, samples.calibration)
    return float_graphs(captured, lowered.graphs, samples, ORT_CPU, FORMS, padding=None)


@pytest.fixture
def goals(monkeypatch: pytest.MonkeyPatch) -> list[Goal]:
    """The goals that were searched for, in their order."""
    asked: list[Goal] = []

    def noted(floats: FloatGraphs, goal: Goal, **more: Any) -> SearchResult:
        asked.append(goal)
        return search_bundle(floats, goal, **more)

    monkeypatch.setattr(choosing, "search_bundle", noted)
    return asked


@pytest.fixture
def choose(
    captured: Captured,
    floats: FloatGraphs,
    samples: SampleSplit,
    goals: list[Goal],
    monkeypatch: pytest.MonkeyPatch,
) -> Choose:
    """A function that chooses for the tiny model, the selection samples saying what they are told to say."""

    def run(verdicts: Iterable[Scores], objective: Objective = SMALLEST, **limits: float) -> Choice:
        said = iter(verdicts)

        def scores(_: Comparison, int8: Runner, seen: Samples, __: Progress) -> Scores:
            assert seen is samples.selection
            return next(said)

        monkeypatch.setattr(Comparison, "scores", scores)
        request = Request.read("cpu", limits or {"cosine": ASKED}, objective)
        comparison = Comparison(captured, Padded(captured.graph, None), None)
        chosen = Chooser(floats, samples.selection, comparison, request, Silent()).best()
        assert next(said, None) is None
        return chosen

    return run


def refined(chosen: Choice) -> list[str]:
    """Return how often a choice says that it was refined."""
    notes = (note for note in chosen.notes if note.startswith("Refined "))
    return [note.partition(":")[0].removeprefix("Refined ") for note in notes]


def test_where_the_selection_samples_agree_nothing_is_refined(choose: Choose, goals: list[Goal]) -> None:
    chosen = choose([GOOD])
    assert len(goals) == 1
    assert refined(chosen) == []
    assert chosen.int8.graphs[MAIN_GRAPH].quantized.recipe == chosen.search.chosen.recipe
    assert [arrays["tokens"].shape for arrays in chosen.selection] == 4 * [(1, 5), (1, 9), (1, 13)]


def test_where_they_disagree_a_goal_is_searched_for_that_the_first_recipe_misses(
    choose: Choose, goals: list[Goal]
) -> None:
    first = choose([GOOD]).search.chosen
    chosen = choose([BAD, GOOD])
    used = goals[0].used_by(first)
    assert goals[1:] == [goals[0], goals[0].tightened(TIGHTER * used)]
    assert not goals[2].met_by(first)
    assert refined(chosen) == ["once"]
    assert chosen.search.chosen.recipe != first.recipe


def test_where_they_disagree_again_and_again_it_ends_with_the_most_exact(
    choose: Choose, goals: list[Goal]
) -> None:
    better, best = (replace(BAD, cosine=(worst,)) for worst in (0.91, 0.92))
    chosen = choose([replace(BAD, cosine=(0.9,)), best, better][: REFINEMENTS + 1])
    assert len(goals) == REFINEMENTS + 1
    assert refined(chosen) == ["once"]
    assert chosen.int8.recipe == chosen.search.chosen.recipe.name


def test_where_no_refinement_helps_none_is_told_of(choose: Choose) -> None:
    assert refined(choose([BAD] * (REFINEMENTS + 1))) == []


def test_a_goal_that_is_missed_already_is_not_made_narrower(choose: Choose, goals: list[Goal]) -> None:
    chosen = choose([BAD], cosine=ASKED, size_mb=0.001)
    assert len(goals) == 1
    assert chosen.search.missed
    (told,) = chosen.binding
    assert "size_mb=0.001" in told


def test_a_given_recipe_is_followed_and_nothing_searched(choose: Choose, goals: list[Goal]) -> None:
    chosen = choose([BAD], Objective(recipe=DYNAMIC_INT8))
    assert goals == []
    assert chosen.search.chosen.recipe == DYNAMIC_INT8
    assert chosen.int8.recipe == "dynamic-int8"


def test_a_limit_on_time_is_no_reason_to_be_more_exact(choose: Choose, goals: list[Goal]) -> None:
    choose([GOOD], cosine=ASKED, latency_ms=1e3)
    assert len(goals) == 1


def test_where_memory_is_too_large_smaller_graphs_are_searched_for_and_not_spoken_of(
    choose: Choose, goals: list[Goal], monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(floats: FloatGraphs, goal: Goal, *, bench: Rig, step: object) -> SearchResult:
        goals.append(goal)
        return follow_bundle(floats, DYNAMIC_INT8 if math.isinf(goal.size_mb) else SMALL, bench)

    def memory_of(graphs: Parts8, golden: Iterable[Golden], request: Request) -> float:
        assert request.target is CPU
        assert [sample.inputs["tokens"].shape for sample in golden] == [(1, 5), (1, 9), (1, 9), (1, 13)]
        return graphs_mb(graphs)

    monkeypatch.setattr(choosing, "search_bundle", search)
    monkeypatch.setattr(choosing, "memory_of", memory_of)
    limit = 0.95 * graphs_mb(choose([GOOD]).int8)
    chosen = choose([GOOD, GOOD], cosine=0.9, memory_mb=limit)
    assert [goal.size_mb for goal in goals[1:]] == [math.inf, pytest.approx(MARGIN * limit)]
    assert chosen.int8.recipe == SMALL.name
    assert graphs_mb(chosen.int8) <= limit
    assert chosen.binding == ()
    followed = choose([GOOD], Objective(recipe=DYNAMIC_INT8), cosine=0.9, memory_mb=limit)
    assert followed.int8.recipe == DYNAMIC_INT8.name


def test_notes_of_the_search_of_its_store_and_of_its_graphs_are_told(
    choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    def risky(floats: FloatGraphs, recipe: Recipe) -> Parts8:
        parts = int8_graphs(floats, recipe)
        (part,) = parts.graphs.values()
        return replace(parts, graphs={MAIN_GRAPH: replace(part, risks=(Risk("head", "y", 0.12, 0.91),))})

    def ignoring(floats: FloatGraphs, goal: Goal, *, bench: Rig, **more: Any) -> SearchResult:
        bench.store.ignored = 2
        return replace(search_bundle(floats, goal, bench=bench, **more), notes=("Int8 is not faster here.",))

    monkeypatch.setattr(choosing, "int8_graphs", risky)
    monkeypatch.setattr(choosing, "search_bundle", ignoring)
    first, second, third = choose([GOOD]).notes
    assert first == "Int8 is not faster here."
    assert "'head'" in second
    assert "0.9100" in second
    assert third.startswith("2 files in ")
