"""The int8 graphs of a model: a recipe is searched, tried on the selection samples, and refined.

The evaluation samples have no part in it: they are run once, when every choice is made.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.footprint import Footprint, graphs_mb, memory_of, within_memory
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.models import Choice, FloatModel
from edgeattn.judge.request import Request
from edgeattn.judge.search import AIMED_AT, goal_of, recipe_files, trial_results, unmet
from edgeattn.measure.runners import THREADS, runner_of_graphs
from edgeattn.progress import Progress
from edgeattn_export.graph.samples import SampleSplit, stratified
from edgeattn_export.quantize.float_graphs import FloatGraphs, float_graphs
from edgeattn_export.quantize.graphs import Graphs, int8_graphs
from edgeattn_export.search import Goal, Rig, SearchResult
from edgeattn_export.search.bundle_search import (
    draft_bundle,
    follow_bundle,
    one_recipe_for_all,
    search_bundle,
)
from edgeattn_export.targets import LoweredGraphs
from edgeattn_runtime.bundle.golden import Sample as GoldenSample
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

WEIGHED_INPUTS = 4  # inputs, from the smallest to the largest, that memory is measured on
REFINEMENTS = 2  # more exact recipes, where the selection samples ask for more than the search saw
REFINED_TIMES = ("never", "once", "twice")
TIGHTENING = 0.8  # of the error that the one before had in the search


def choose(model: FloatModel, lowered: LoweredGraphs, request: Request, progress: Progress) -> Choice:
    """Find the recipe that meets the budget, that on memory too, and follow it.

    Raises:
        BadInput: A recipe that cannot be followed, or weights that are not finite.
    """
    samples, target, rig = model.samples, request.target, request.rig()
    goal, padding = goal_of(request, model.captured, samples.selection, rig), model.comparison.padded.padding
    floats = float_graphs(model.captured, lowered.graphs, samples, target.prover, target.forms, padding)
    if floats.step is not None:  # it has the same weights once more
        goal = replace(goal, size_mb=goal.size_mb / 2)
    return Chooser(floats, samples, model.comparison, request, rig, goal, progress).best()


@dataclass(frozen=True, slots=True)
class Chooser:
    """What there is to choose from, and by what."""

    floats: FloatGraphs
    samples: SampleSplit
    comparison: Comparison
    request: Request
    rig: Rig
    goal: Goal
    progress: Progress

    def best(self) -> Choice:
        """Return the best there is; where memory is limited, the largest graphs that keep to it."""
        limit = self.request.budget.limits.get("memory_mb")
        if limit is None or not self.request.objective.searches:
            return self._within(math.inf)
        return within_memory(self._footprint, limit).candidate

    def _footprint(self, size_mb: float) -> Footprint[Choice]:
        choice = self._within(size_mb)
        main = self.request.target.prover.runner(choice.int8.graphs[MAIN_GRAPH].quantized.model)
        golden = [
            GoldenSample(arrays, main(arrays)) for arrays in stratified(choice.selection, WEIGHED_INPUTS)
        ]
        memory_mb = memory_of(choice.int8, golden, self.request)
        return Footprint(choice, graphs_mb(choice.int8), memory_mb)

    def _within(self, size_mb: float) -> Choice:
        """Find a recipe whose graphs take at most so many MB, and refine it where selection samples fail."""
        goal = replace(self.goal, size_mb=min(self.goal.size_mb, size_mb))
        tries: list[tuple[SearchResult, tuple[Scores, ...]]] = []
        while True:
            self.progress.stage("quantize")
            gc.collect()  # a graph's nodes and values refer to one another: reference counts free none
            search = self._search(goal)
            int8 = int8_graphs(self.floats, search.chosen.recipe)
            self.progress.stage("select")
            ways = tuple(map(int8.run_by, int8.ways))
            tries.append((search, tuple(map(self._scores, ways))))
            # A goal that is missed already finds nothing else where it is made narrower.
            is_final = not self.request.objective.searches or len(tries) > REFINEMENTS or search.missed
            if is_final or self._is_exact(tries[-1][1]):
                break
            goal = goal.tightened(TIGHTENING * goal.used_by(search.chosen))
            del int8, ways  # before the next ones take as much memory
        best = max(
            tries, key=lambda each: (self._is_exact(each[1]), -max(max(way.errors) for way in each[1]))
        )
        if best != tries[-1]:
            int8 = int8_graphs(self.floats, best[0].chosen.recipe)
        return self._choice(int8, best[0], refined=tries.index(best))

    def _search(self, goal: Goal) -> SearchResult:
        recipe, step = self.request.objective.recipe, self.progress.step
        if recipe is not None:
            return follow_bundle(self.floats, recipe, rig=self.rig)
        if self.request.objective.draft:
            return draft_bundle(self.floats, rig=self.rig)
        if self.request.one_recipe:
            return one_recipe_for_all(self.floats, goal, self.request.rigs(), step=step)
        return search_bundle(self.floats, goal, rig=self.rig, step=step)

    def _scores(self, int8: Graphs) -> Scores:
        """Compare graphs with the original on the selection samples."""
        runner = runner_of_graphs(int8, self.request.target.prover, threads=THREADS)
        return self.comparison.scores(runner, self.samples.selection, self.progress)

    def _is_exact(self, ways: Iterable[Scores]) -> bool:
        """Say whether each way to run promises what is stated, and meets what else is aimed at."""
        goal, budget, count = self.goal, self.request.budget, len(self.samples.evaluation)
        return all(
            (budget.explicit & AIMED_AT or (way.r2 >= goal.r2 and 1 - max(way.errors) >= goal.r2_min))
            and budget.is_promised(Measures(scores=way), count)
            for way in ways
        )

    def _choice(self, int8: Graphs, search: SearchResult, *, refined: int) -> Choice:
        store = self.rig.store
        parts = int8.graphs.values()
        kept = dict.fromkeys(note for part in parts for note in part.quantized.notes)
        ignored = f"{store.ignored} files in {store.folder} belong to something else and were ignored."
        times = f"Refined {REFINED_TIMES[refined]}: the selection samples did not promise the target."
        seldom = (*([ignored] if store.ignored else ()), *([times] if refined else ()))
        inputs = [sample.inputs for sample in self.floats.graphs[MAIN_GRAPH].selection]
        return Choice(
            int8=int8,
            selection=inputs,
            search=search,
            trials=trial_results(search.trials, search.chosen),
            recipes=recipe_files(search.trials, search.chosen),
            notes=(*search.notes, *kept, *seldom),
            binding=unmet(search, self.goal),
        )
