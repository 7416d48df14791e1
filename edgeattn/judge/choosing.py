"""The int8 graphs of a model: a recipe is searched, tried on the selection samples, and refined where it fails.

The evaluation samples have no part in it: they are judged once, when every choice is made.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeattn.judge.accuracy import Accuracy
from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import THREADS, Comparison
from edgeattn.judge.goal import goal_of, unmet
from edgeattn.judge.measures import Measures
from edgeattn.judge.objective import Objective
from edgeattn.measure.runners import runner_of_parts
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize.float_parts import FloatParts
from edgeattn_export.quantize.parts import Parts, int8_parts
from edgeattn_export.quantize.saturation import Risk
from edgeattn_export.search import Bench, Found, Goal
from edgeattn_export.search.bundle_search import follow_bundle, search_bundle

REFINEMENTS = 2  # more exact recipes, where the selection samples ask for more than the search saw
TIMES = ("never", "once", "twice")
TIGHTER = 0.8  # of the error that the one before had in the search


@dataclass(frozen=True, slots=True)
class Chosen:
    """The graphs to evaluate and to pack.

    Attributes:
        parts: The int8 graphs.
        found: How their recipe was found.
        notes: Of the search, for the model author.
        binding: What no recipe met on the selection samples, in words.
    """

    parts: Parts
    found: Found
    notes: tuple[str, ...]
    binding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is to choose from, and by what.

    Attributes:
        floats: The float graphs, with their calibration and selection samples.
        selection: The selection samples of the whole model.
        comparison: With the original.
        bench: Where the search measures.
        engine: Of the target.
        budget: The limits.
        objective: What to minimize, or to follow.
    """

    floats: FloatParts
    selection: Samples
    comparison: Comparison
    bench: Bench
    engine: Engine
    budget: Budget
    objective: Objective

    def best(self, size_mb: float = math.inf) -> Chosen:
        """Find a recipe and follow it.

        Args:
            size_mb: At most this of all graphs, for the sake of memory.

        Raises:
            BadInput: A recipe that cannot be followed, or weights that are not finite.
        """
        asked = goal_of(
            self.budget, self.objective, self.comparison.captured, self.selection, self.bench
        )
        goal = replace(asked, size_mb=min(asked.size_mb, size_mb))
        tried: list[tuple[Found, Accuracy]] = []
        while True:
            self.comparison.progress.stage("quantize")
            gc.collect()  # a graph's nodes and values refer to one another, so that counting alone frees none
            found = self._found(goal)
            parts = int8_parts(self.floats, found.chosen.recipe)
            self.comparison.progress.stage("select")
            accuracy = self.comparison.accuracy(self._runner(parts), self.selection)
            tried.append((found, accuracy))
            # A goal that is missed already finds nothing else where it is made narrower.
            is_final = self.objective.recipe is not None or len(tried) > REFINEMENTS or found.missed
            if is_final or self._is_exact(asked, accuracy):
                break
            goal = goal.tightened(TIGHTER * goal.used_by(found.chosen))
            del parts  # before the next ones take as much memory
        best = max(tried, key=lambda each: (self._is_exact(asked, each[1]), each[1].cosine_min))
        if best != tried[-1]:
            parts = int8_parts(self.floats, best[0].chosen.recipe)
        return self._told(parts, best[0], asked, refined=tried.index(best))

    def _found(self, goal: Goal) -> Found:
        if self.objective.recipe is not None:
            return follow_bundle(self.floats, self.objective.recipe, bench=self.bench)
        return search_bundle(self.floats, goal, bench=self.bench, step=self.comparison.progress.step)

    def _runner(self, parts: Parts) -> Runner:
        return runner_of_parts(parts, self.engine, threads=THREADS)

    def _is_exact(self, asked: Goal, accuracy: Accuracy) -> bool:
        """Say whether what is stated is met, and what is aimed at where nothing is."""
        reached = accuracy.cosine_mean >= asked.cosine_mean and accuracy.cosine_min >= asked.cosine_min
        return reached and self.budget.is_exact(Measures(accuracy=accuracy))

    def _told(self, parts: Parts, found: Found, asked: Goal, *, refined: int) -> Chosen:
        store = self.bench.store
        risks = [_elsewhere(risk) for part in parts.graphs.values() for risk in part.risks]
        ignored = f"{store.ignored} files in {store.folder} belong to something else and were ignored."
        times = f"Refined {TIMES[refined]}: accuracy on the selection samples missed the target."
        notes = (*found.notes, *risks, *([ignored] if store.ignored else ()), *([times] if refined else ()))
        return Chosen(parts, found, notes, unmet(found, asked))


def _elsewhere(risk: Risk) -> str:
    return (
        f"Layer {risk.module!r} has a form that saturates on x86 without VNNI: cosine {risk.cosine:.4f} on the "
        "worst sample. Its form without the word unpaired answers the same on every processor."
    )
