"""A bundle's goal -> its graphs': each keeps to the limits on cosines, together to those on time and size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from glob import escape

from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.float_parts import FloatPart
from edgeattn_export.search import Bench, Goal, Trial
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.race import race
from edgeattn_export.search.shares import Span, shares

AS_IT_IS = Recipe("float", (), ())


def shared_goals(graphs: Mapping[str, FloatPart], goal: Goal, bench: Bench) -> dict[str, Goal]:
    """Return what each graph aims at before anything is known of the others.

    Args:
        graphs: By name.
        goal: The bundle's.
        bench: Where it is measured.
    """
    if len(graphs) == 1 or not _has_totals(goal):
        return dict.fromkeys(graphs, goal)
    trials = {name: _plain_trials(part, bench) for name, part in graphs.items()}
    times = {name: Span.of(trial.latency_ms for trial in its) for name, its in trials.items()}
    sizes = {name: Span.of(trial.size_mb for trial in its) for name, its in trials.items()}
    latency_ms, size_mb = shares(goal.latency_ms, times), shares(goal.size_mb, sizes)
    return {name: replace(goal, latency_ms=latency_ms[name], size_mb=size_mb[name]) for name in graphs}


def left_goals(chosen: Mapping[str, Trial], goal: Goal) -> Iterator[tuple[str, Goal]]:
    """Yield by name what each graph may aim at beside what the others have taken, where they leave anything.

    Args:
        chosen: What was found for each graph.
        goal: The bundle's.
    """
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

    Args:
        shared: What each graph aimed at.
        goal: The bundle's.
    """
    if len(shared) > 1 and math.isfinite(goal.size_mb):
        for name, its in shared.items():
            yield name, replace(its, prefer="size")


def _has_totals(goal: Goal) -> bool:
    return math.isfinite(goal.latency_ms) or math.isfinite(goal.size_mb)


def _plain_trials(part: FloatPart, bench: Bench) -> tuple[Trial, ...]:
    """Try what shows how far a graph's time and size reach."""
    smallest = _smallest(part.calibration, bench.candidates)
    return race(Judge(part, bench), (AS_IT_IS, bench.candidates.plain, smallest))


def _smallest(calibration: Calibration, candidates: Candidates) -> Recipe:
    layers = tuple(
        (escape(layer.name), candidates.smallest(layer, calibration.forms)) for layer in calibration.layers
    )
    return Recipe("smallest", layers, candidates.smaller_embeddings)
