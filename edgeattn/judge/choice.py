"""The int8 graphs of a model: a recipe is searched, tried on the selection samples, and refined.

The evaluation samples have no part in it: they are run once, when every choice is made.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable
from dataclasses import replace

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.footprint import Footprint, graphs_mb, memory_of, within_memory
from edgeattn.judge.goal import goal_of, unmet
from edgeattn.judge.int8_model import Choice
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.request import Request
from edgeattn.measure.runners import THREADS, runner_of_graphs
from edgeattn.progress import Progress
from edgeattn_export.graph.samples import Samples, stratified
from edgeattn_export.quantize.float_graphs import FloatGraphs, float_graphs
from edgeattn_export.quantize.graphs import Graphs, int8_graphs
from edgeattn_export.quantize.saturation import Risk
from edgeattn_export.search import Goal, SearchResult
from edgeattn_export.search.bundle_search import follow_bundle, search_bundle
from edgeattn_export.search.one_recipe_for_all import one_recipe_for_all
from edgeattn_export.targets import LoweredGraphs
from edgeattn_runtime.golden import Sample as GoldenSample
from edgeattn_runtime.manifest import MAIN_GRAPH

WEIGHED = 4  # inputs, from the smallest to the largest, that memory is measured on
REFINEMENTS = 2  # more exact recipes, where the selection samples ask for more than the search saw
TIMES = ("never", "once", "twice")
TIGHTER = 0.8  # of the error that the one before had in the search


def choose(model: FloatModel, lowered: LoweredGraphs, request: Request, progress: Progress) -> Choice:
    """Find the recipe that meets the budget, that on memory too, and follow it.

    Args:
        model: What is made int8.
        lowered: Its float graphs for the target.
        request: What is asked for this target.
        progress: Told of the stages, and of the search.

    Raises:
        BadInput: A recipe that cannot be followed, or weights that are not finite.
    """
    target, padding = request.target, model.comparison.padded.padding
    floats = float_graphs(model.captured, lowered.graphs, model.samples, target.prover, target.forms, padding)
    return Chooser(floats, model.samples.selection, model.comparison, request, progress).best()


class Chooser:
    """What there is to choose from, and by what.

    Args:
        floats: The float graphs, with their calibration and selection samples.
        samples: The selection samples of the whole model.
        comparison: With the original.
        request: What is asked.
        progress: Told of the stages, and of the search.
    """

    def __init__(
        self,
        floats: FloatGraphs,
        samples: Samples,
        comparison: Comparison,
        request: Request,
        progress: Progress,
    ) -> None:
        self._floats = floats
        self._samples = samples
        self._comparison = comparison
        self._request = request
        self._progress = progress
        self._rig = request.rig()
        self._goal = goal_of(request, comparison.captured, samples, self._rig)

    def best(self) -> Choice:
        """Return the best there is; where memory is limited, the largest graphs that keep to it."""
        limit = self._request.budget.limits.get("memory_mb")
        if limit is None or self._request.objective.recipe is not None:
            return self._within(math.inf)
        return within_memory(self._footprint, limit).candidate

    def _footprint(self, size_mb: float) -> Footprint[Choice]:
        choice = self._within(size_mb)
        main = self._request.target.prover.runner(choice.int8.graphs[MAIN_GRAPH].quantized.model)
        golden = [GoldenSample(arrays, main(arrays)) for arrays in stratified(choice.selection, WEIGHED)]
        memory_mb = memory_of(choice.int8, golden, self._request)
        return Footprint(choice, graphs_mb(choice.int8), memory_mb)

    def _within(self, size_mb: float) -> Choice:
        """Find a recipe whose graphs take at most so many MB, and refine it where selection samples fail."""
        goal = replace(self._goal, size_mb=min(self._goal.size_mb, size_mb))
        tries: list[tuple[SearchResult, tuple[Scores, ...]]] = []
        while True:
            self._progress.stage("quantize")
            gc.collect()  # a graph's nodes and values refer to one another, so that counting alone frees none
            search = self._search(goal)
            int8 = int8_graphs(self._floats, search.chosen.recipe)
            self._progress.stage("select")
            ways = (int8, int8.without_kernels()) if int8.has_kernels else (int8,)
            tries.append((search, tuple(map(self._scores, ways))))
            # A goal that is missed already finds nothing else where it is made narrower.
            is_final = self._request.objective.recipe is not None or len(tries) > REFINEMENTS or search.missed
            if is_final or self._is_exact(tries[-1][1]):
                break
            goal = goal.tightened(TIGHTER * goal.used_by(search.chosen))
            del int8, ways  # before the next ones take as much memory
        best = max(tries, key=lambda each: (self._is_exact(each[1]), min(min(way.cosine) for way in each[1])))
        if best != tries[-1]:
            int8 = int8_graphs(self._floats, best[0].chosen.recipe)
        return self._choice(int8, best[0], refined=tries.index(best))

    def _search(self, goal: Goal) -> SearchResult:
        recipe, step = self._request.objective.recipe, self._progress.step
        if recipe is not None:
            return follow_bundle(self._floats, recipe, rig=self._rig)
        if self._request.one_recipe:
            return one_recipe_for_all(self._floats, goal, self._request.rigs(), step=step)
        return search_bundle(self._floats, goal, rig=self._rig, step=step)

    def _scores(self, int8: Graphs) -> Scores:
        """Compare graphs with the original on the selection samples."""
        runner = runner_of_graphs(int8, self._request.target.prover, threads=THREADS)
        return self._comparison.scores(runner, self._samples, self._progress)

    def _is_exact(self, ways: Iterable[Scores]) -> bool:
        """Say whether each way to run meets what is stated, and what is aimed at where nothing is."""
        goal, budget = self._goal, self._request.budget
        return all(
            way.accuracy.cosine_mean >= goal.cosine_mean
            and way.accuracy.cosine_min >= goal.cosine_min
            and budget.is_exact(Measures(scores=way))
            for way in ways
        )

    def _choice(self, int8: Graphs, search: SearchResult, *, refined: int) -> Choice:
        store = self._rig.store
        risks = [_saturation_note(risk) for part in int8.graphs.values() for risk in part.risks]
        ignored = f"{store.ignored} files in {store.folder} belong to something else and were ignored."
        times = f"Refined {TIMES[refined]}: accuracy on the selection samples missed the target."
        notes = (*search.notes, *risks, *([ignored] if store.ignored else ()), *([times] if refined else ()))
        inputs = [sample.inputs for sample in self._floats.graphs[MAIN_GRAPH].selection]
        return Choice(int8, inputs, search, notes, unmet(search, self._goal))


def _saturation_note(risk: Risk) -> str:
    return (
        f"Layer {risk.module!r} has a form that saturates on x86 without VNNI: cosine {risk.cosine:.4f} on "
        "the worst sample. Its form without the word unpaired answers the same on every processor."
    )
