"""A recipe is tried on samples that it was not made by, and refined where they disagree."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from edgeattn.judge import choice as module
from edgeattn.judge.choice import REFINEMENTS, Choice, Chooser
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.footprint import MEMORY_MARGIN, graphs_mb
from edgeattn.judge.measures import Scores
from edgeattn.judge.padding import Padded
from edgeattn.judge.r2 import OutputR2
from edgeattn.judge.request import Objective, Request
from edgeattn.judge.search import goal_of
from edgeattn.judge.statistics import LEAST_SAMPLES
from edgeattn.progress import Progress, Silent
from edgeattn.results.accuracy import OutputAccuracy
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.incremental import with_cache
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraphs, float_graphs
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.recover import recover
from edgeattn_export.search import Goal, Rig, SearchResult
from edgeattn_export.search.bundle_search import follow_bundle, search_bundle
from edgeattn_export.targets import lower_for
from edgeattn_export.targets.cpu import CPU, DYNAMIC_INT8, FORMS
from edgeattn_runtime.bundle.golden import Sample as Golden
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

REQUIRED = 0.98


def scores(*cosines: float) -> Scores:
    """Return scores of samples whose errors in units of the spread are those of such cosines around 0."""
    errors = tuple(2 * (1 - cosine) for cosine in cosines)
    r2 = 1 - sum(errors) / len(errors)
    output = OutputR2(OutputAccuracy("logits", "numbers", "", r2, r2, (), 1.0), errors)
    unused = (0.1,) * len(cosines)
    return Scores(outputs=[output], cosine=cosines, cosine_float=cosines, max_abs=unused, snr_db=unused)


GOOD = scores(0.999)
BAD = scores(REQUIRED - 0.01)
SMALLEST = Objective("size")  # which, unlike the fastest, is the same in every run
SMALL = Recipe("small", ((EVERY, Treatment("int4 blocks")),), ())
Choose = Callable[..., Choice]


@pytest.fixture(scope="module")
def floats(captured: Captured, samples: SampleSplit) -> FloatGraphs:
    """The tiny model's float graph, as the search begins with it."""
    cached = with_cache(captured, recover(captured, samples.calibration), samples.calibration)
    lowered = lower_for(CPU, cached, samples.calibration)
    return float_graphs(captured, lowered.graphs, samples, ORT_CPU, FORMS, padding=None)


@dataclass(frozen=True, kw_only=True)
class Answering(Comparison):
    """A comparison whose scores of the selection samples are given, and not measured."""

    selection: Samples
    verdicts: Iterator[Scores]

    def scores(self, int8: Runner, samples: Samples, progress: Progress) -> Scores:
        assert samples is self.selection  # never the evaluation samples
        return next(self.verdicts)


class Stages(Silent):
    """A progress that counts how often each stage begins."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def stage(self, name: str) -> None:
        self.count[name] += 1


@pytest.fixture
def stages() -> Stages:
    return Stages()


@pytest.fixture
def choose(captured: Captured, floats: FloatGraphs, samples: SampleSplit, stages: Stages) -> Choose:
    """A function that chooses for the tiny model, with the scores that the selection samples have."""

    def run(verdicts: Iterable[Scores], objective: Objective = SMALLEST, **limits: float) -> Choice:
        padded = Padded(captured.graph, None)
        comparison = Answering(
            captured, padded, None, {}, selection=samples.selection, verdicts=iter(verdicts)
        )
        request = Request.read("cpu", limits or {"cosine": REQUIRED}, objective)
        rig, selection = request.rig(), samples.selection
        goal = goal_of(request, captured, selection, rig)
        choice = Chooser(floats, samples, comparison, request, rig, goal, stages).best()
        assert next(comparison.verdicts, None) is None
        return choice

    return run


def refined(choice: Choice) -> list[str]:
    """Return how often a choice says that it was refined."""
    notes = (note for note in choice.notes if note.startswith("Refined "))
    return [note.partition(":")[0].removeprefix("Refined ") for note in notes]


def test_where_the_selection_samples_agree_nothing_is_refined(choose: Choose, stages: Stages) -> None:
    choice = choose([GOOD])
    assert stages.count["quantize"] == 1
    assert refined(choice) == []
    assert choice.int8.graphs[MAIN_GRAPH].quantized.recipe == choice.search.chosen.recipe
    assert [arrays["tokens"].shape for arrays in choice.selection] == 4 * [(1, 5), (1, 9), (1, 13)]


def test_where_they_disagree_a_more_exact_recipe_is_searched_for(choose: Choose, stages: Stages) -> None:
    first = choose([GOOD]).search.chosen
    choice = choose([BAD, GOOD])
    assert stages.count["quantize"] == 1 + 2
    assert choice.search.chosen.recipe != first.recipe
    assert choice.search.chosen.r2_min > first.r2_min
    assert refined(choice) == ["once"]


def test_where_they_disagree_again_and_again_it_ends_with_the_most_exact(
    choose: Choose, stages: Stages
) -> None:
    better, best = (scores(worst) for worst in (0.91, 0.92))
    choice = choose([scores(0.9), best, better][: REFINEMENTS + 1])
    assert stages.count["quantize"] == REFINEMENTS + 1
    assert refined(choice) == ["once"]
    assert choice.int8.recipe == choice.search.chosen.recipe.name


def test_what_meets_a_limit_and_yet_would_not_show_it_is_refined(
    choose: Choose, samples: SampleSplit, stages: Stages
) -> None:
    scattered = scores(REQUIRED - 0.02, 0.9999, 0.9999)  # a mean within the limit
    assert len(samples.evaluation) >= LEAST_SAMPLES
    assert refined(choose([scattered, GOOD])) == ["once"]
    assert stages.count["quantize"] == 2


def test_where_no_refinement_helps_no_note_speaks_of_one(choose: Choose) -> None:
    assert refined(choose([BAD] * (REFINEMENTS + 1))) == []


def test_a_goal_that_is_missed_already_is_not_made_narrower(choose: Choose, stages: Stages) -> None:
    choice = choose([BAD], cosine=REQUIRED, size_mb=0.001)
    assert stages.count["quantize"] == 1
    assert choice.search.missed
    (note,) = choice.binding
    assert "size_mb=0.001" in note


def test_a_given_recipe_is_followed_and_nothing_searched(choose: Choose) -> None:
    choice = choose([BAD], Objective(recipe=DYNAMIC_INT8))
    assert choice.search.trials == (choice.search.chosen,)
    assert choice.search.chosen.recipe == DYNAMIC_INT8
    assert choice.int8.recipe == "dynamic-int8"


def test_a_limit_on_time_is_no_reason_to_be_more_exact(choose: Choose, stages: Stages) -> None:
    choose([GOOD], cosine=REQUIRED, latency_ms=1e3)
    assert stages.count["quantize"] == 1


def test_where_memory_is_too_large_smaller_graphs_are_searched_for_and_not_spoken_of(
    choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def search(floats: FloatGraphs, goal: Goal, *, rig: Rig, step: object) -> SearchResult:
        sizes.append(goal.size_mb)
        return follow_bundle(floats, DYNAMIC_INT8 if math.isinf(goal.size_mb) else SMALL, rig=rig)

    def memory_of(graphs: Graphs, golden: Iterable[Golden], request: Request) -> float:
        assert request.target is CPU
        assert [sample.inputs["tokens"].shape for sample in golden] == [(1, 5), (1, 9), (1, 9), (1, 13)]
        return graphs_mb(graphs)

    monkeypatch.setattr(module, "search_bundle", search)
    monkeypatch.setattr(module, "memory_of", memory_of)
    limit = 0.95 * graphs_mb(choose([GOOD]).int8)
    choice = choose([GOOD, GOOD], cosine=0.9, memory_mb=limit)
    assert sizes[1:] == [math.inf, pytest.approx(MEMORY_MARGIN * limit)]
    assert choice.int8.recipe == SMALL.name
    assert graphs_mb(choice.int8) <= limit
    assert choice.binding == ()
    followed = choose([GOOD], Objective(recipe=DYNAMIC_INT8), cosine=0.9, memory_mb=limit)
    assert followed.int8.recipe == DYNAMIC_INT8.name


def test_notes_of_the_search_of_its_store_and_of_its_graphs_are_told(
    choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ignoring(floats: FloatGraphs, goal: Goal, *, rig: Rig, **more: Any) -> SearchResult:
        rig.store.ignored = 2
        return replace(search_bundle(floats, goal, rig=rig, **more), notes=("Int8 is not faster here.",))

    monkeypatch.setattr(module, "search_bundle", ignoring)
    first, second = choose([GOOD]).notes
    assert first == "Int8 is not faster here."
    assert second.startswith("2 files in ")
