"""The int8 graphs of a model: a recipe is searched, tried on the selection samples, and refined.

The evaluation samples have no part in it: they are run once, when every choice is made.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.footprint import Footprint, memory_of, parts_mb, within_memory
from edgeattn.judge.goal import goal_of, unmet
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.request import Request
from edgeattn.measure.runners import THREADS, runner_of_parts
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.quantize.float_graphs import FloatGraphs
from edgeattn_export.quantize.graphs import Graphs, int8_graphs
from edgeattn_export.quantize.saturation import Risk
from edgeattn_export.search import Goal, SearchResult
from edgeattn_export.search.bundle_search import follow_bundle, search_bundle
from edgeattn_export.search.one_recipe_for_all import one_recipe_for_all
from edgeattn_runtime.golden import Sample as GoldenSample
from edgeattn_runtime.manifest import MAIN_GRAPH

WEIGHED = 4  # inputs, from the smallest to the largest, that memory is measured on
REFINEMENTS = 2  # more exact recipes, where the selection samples ask for more than the search saw
TIMES = ("never", "once", "twice")
TIGHTER = 0.8  # of the error that the one before had in the search


@dataclass(frozen=True, slots=True)
class Choice:
    """The graphs to evaluate and to pack.

    Attributes:
        parts: The int8 graphs.
        selection: The selection samples as their main graph sees them.
        found: How their recipe was found.
        notes: Of the search, for the model author.
        binding: What no recipe met on the selection samples, in words.
    """

    parts: Graphs
    selection: Sequence[Inputs]
    found: SearchResult
    notes: tuple[str, ...]
    binding: tuple[str, ...]


class Chooser:
    """What there is to choose from, and by what.

    Args:
        floats: The float graphs, with their calibration and selection samples.
        samples: The selection samples of the whole model.
        comparison: With the original.
        request: What is asked.
    """

    def __init__(
        self, floats: FloatGraphs, samples: Samples, comparison: Comparison, request: Request
    ) -> None:
        self._floats = floats
        self._samples = samples
        self._comparison = comparison
        self._request = request
        self._bench = request.bench()
        self._asked = goal_of(request, comparison.captured, samples, self._bench)

    def best(self) -> Choice:
        """Find the recipe that meets the budget, that on memory too, and follow it.

        Raises:
            BadInput: A recipe that cannot be followed, or weights that are not finite.
        """
        limit = self._request.budget.limits.get("memory_mb")
        if limit is None or self._request.objective.recipe is not None:
            return self._within(math.inf)
        return within_memory(self._weighed, limit).made

    def _weighed(self, size_mb: float) -> Footprint[Choice]:
        chosen = self._within(size_mb)
        main = self._request.target.prover.runner(chosen.parts.graphs[MAIN_GRAPH].quantized.model)
        inputs = stratified(chosen.selection, WEIGHED)
        golden = [GoldenSample(arrays, main(arrays)) for arrays in inputs]
        request = self._request
        memory = memory_of(chosen.parts, request.target, golden, request.place)
        return Footprint(chosen, parts_mb(chosen.parts), memory)

    def _within(self, size_mb: float) -> Choice:
        """Find a recipe whose graphs take at most so many MB, and refine it where selection samples fail."""
        goal = replace(self._asked, size_mb=min(self._asked.size_mb, size_mb))
        progress = self._comparison.progress
        tried: list[tuple[SearchResult, Scores]] = []
        while True:
            progress.stage("quantize")
            gc.collect()  # a graph's nodes and values refer to one another, so that counting alone frees none
            found = self._found(goal)
            parts = int8_graphs(self._floats, found.chosen.recipe)
            progress.stage("select")
            runner = runner_of_parts(parts, self._request.target.prover, threads=THREADS)
            tried.append((found, self._comparison.scores(runner, self._samples)))
            # A goal that is missed already finds nothing else where it is made narrower.
            is_final = self._request.objective.recipe is not None or len(tried) > REFINEMENTS or found.missed
            if is_final or self._is_exact(tried[-1][1]):
                break
            goal = goal.tightened(TIGHTER * goal.used_by(found.chosen))
            del parts, runner  # before the next ones take as much memory
        best = max(tried, key=lambda each: (self._is_exact(each[1]), min(each[1].cosine)))
        if best != tried[-1]:
            parts = int8_graphs(self._floats, best[0].chosen.recipe)
        return self._told(parts, best[0], refined=tried.index(best))

    def _found(self, goal: Goal) -> SearchResult:
        recipe = self._request.objective.recipe
        if recipe is not None:
            return follow_bundle(self._floats, recipe, rig=self._bench)
        step = self._comparison.progress.step
        if self._request.together:
            return one_recipe_for_all(self._floats, goal, self._request.benches(), step=step)
        return search_bundle(self._floats, goal, rig=self._bench, step=step)

    def _is_exact(self, scores: Scores) -> bool:
        """Say whether what is stated is met, and what is aimed at where nothing is."""
        asked, accuracy = self._asked, scores.accuracy
        reached = accuracy.cosine_mean >= asked.cosine_mean and accuracy.cosine_min >= asked.cosine_min
        return reached and self._request.budget.is_exact(Measures(scores=scores))

    def _told(self, parts: Graphs, found: SearchResult, *, refined: int) -> Choice:
        store = self._bench.store
        risks = [_saturation_note(risk) for part in parts.graphs.values() for risk in part.risks]
        ignored = f"{store.ignored} files in {store.folder} belong to something else and were ignored."
        times = f"Refined {TIMES[refined]}: accuracy on the selection samples missed the target."
        notes = (*found.notes, *risks, *([ignored] if store.ignored else ()), *([times] if refined else ()))
        inputs = [sample.inputs for sample in self._floats.graphs[MAIN_GRAPH].selection]
        return Choice(parts, inputs, found, notes, unmet(found, self._asked))


def _saturation_note(risk: Risk) -> str:
    return (
        f"Layer {risk.module!r} has a form that saturates on x86 without VNNI: cosine {risk.cosine:.4f} on "
        "the worst sample. Its form without the word unpaired answers the same on every processor."
    )
