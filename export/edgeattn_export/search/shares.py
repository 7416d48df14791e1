"""A bundle's goal as its graphs share it.

Each graph keeps to the limits on errors by itself, and together with the others to those on time and size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from glob import escape

from edgeattn_export.quantize import Recipe
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Goal, Rig, Trial
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.error_meter import ErrorMeter, race

FLOAT_RECIPE = Recipe("float", (), ())


@dataclass(frozen=True, slots=True)
class Span:
    """What a graph takes, such as its megabytes: the least that is known of any recipe, and the most."""

    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Span:
        """Return the span of what several recipes take."""
        amounts = tuple(numbers)
        return cls(min(amounts), max(amounts))


def divided_limit(limit: float, spans: Mapping[str, Span]) -> dict[str, float]:
    """Divide a limit so that every graph stands equally far between its least and its most.

    What suffices for the least of all graphs thus suffices in each of them; what does not, in none.

    Args:
        limit: On the sum of what the graphs take; infinite where there is none.
        spans: By the graph's name.
    """
    if math.isinf(limit):
        return dict.fromkeys(spans, limit)
    least = sum(span.least for span in spans.values())
    room = sum(span.most - span.least for span in spans.values())
    if limit < least or room == 0:
        return {name: limit * span.least / least for name, span in spans.items()}
    share = (limit - least) / room
    return {name: span.least + share * (span.most - span.least) for name, span in spans.items()}


def shared_goals(graphs: Mapping[str, FloatGraph], goal: Goal, rig: Rig) -> dict[str, Goal]:
    """Return what each graph aims at of a bundle's goal, before anything is known of the others."""
    if len(graphs) == 1 or not _has_totals(goal):
        return dict.fromkeys(graphs, goal)
    trials = {
        name: race(
            ErrorMeter(graph, rig), (FLOAT_RECIPE, rig.candidates.plain, _smallest(graph, rig.candidates))
        )
        for name, graph in graphs.items()
    }
    times = {name: Span.of(trial.latency_ms for trial in its) for name, its in trials.items()}
    sizes = {name: Span.of(trial.size_mb for trial in its) for name, its in trials.items()}
    latency_ms, size_mb = divided_limit(goal.latency_ms, times), divided_limit(goal.size_mb, sizes)
    return {name: replace(goal, latency_ms=latency_ms[name], size_mb=size_mb[name]) for name in graphs}


def remaining_goals(chosen: Mapping[str, Trial], goal: Goal) -> Iterator[tuple[str, Goal]]:
    """Yield by name what the other graphs leave of the goal to each, where that is anything."""
    if len(chosen) == 1 or not _has_totals(goal):
        return
    for name in chosen:
        others = [trial for other, trial in chosen.items() if other != name]
        latency_ms = goal.latency_ms - sum(trial.latency_ms for trial in others)
        size_mb = goal.size_mb - sum(trial.size_mb for trial in others)
        if latency_ms > 0 and size_mb > 0:
            yield name, replace(goal, latency_ms=latency_ms, size_mb=size_mb)


def smallest_goals(shared: Mapping[str, Goal], goal: Goal) -> Iterator[tuple[str, Goal]]:
    """Yield by name what has each graph as small as its exactness allows, where the size is limited.

    A share of the size may end between two recipes of a graph, and what another graph leaves does as well.
    """
    if len(shared) > 1 and math.isfinite(goal.size_mb):
        for name, its in shared.items():
            yield name, replace(its, prefer="size")


def _has_totals(goal: Goal) -> bool:
    return math.isfinite(goal.latency_ms) or math.isfinite(goal.size_mb)


def _smallest(graph: FloatGraph, candidates: Candidates) -> Recipe:
    forms = graph.calibration.forms
    layers = tuple(
        (escape(layer.name), candidates.smallest(layer, forms)) for layer in graph.calibration.layers
    )
    return Recipe("smallest", layers, candidates.smaller_embeddings)
