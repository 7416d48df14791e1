"""One recipe for several devices: the one that is best for the worst of them.

Each device has a search of its own. What these chose, and what lies on their fronts, is then timed on every
device, and a recipe is as slow as where it loses most to the fastest recipe of that device (minimax regret,
Savage 1951).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeattn_export.quantize.float_graphs import FloatGraphs
from edgeattn_export.search import Goal, Rig, SearchResult, Trial, front
from edgeattn_export.search.bundle_search import race_bundle, search_bundle
from edgeattn_export.search.rig import Step

RACED = 8  # recipes at most, those that were chosen first


def one_recipe_for_all(floats: FloatGraphs, goal: Goal, rigs: Sequence[Rig], *, step: Step) -> SearchResult:
    """Find the recipe of a bundle for several devices.

    Args:
        floats: Its graphs.
        goal: What is asked of the bundle, on each device.
        rigs: The devices; errors are the same on all.
        step: Told of each step, device by device.

    Returns:
        The first device's search, but for what was chosen.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    results = [search_bundle(floats, goal, rig, step=step) for rig in rigs]
    fronts = (trial for each in results for trial in front(each.trials))
    unique = dict.fromkeys(trial.recipe for trial in (*(each.chosen for each in results), *fronts))
    raced = [race_bundle(floats, list(unique)[:RACED], rig) for rig in rigs]
    chosen = min(zip(*raced, strict=True), key=lambda trials: _price(goal, trials, raced))
    missed = dict.fromkeys(limit for trial in chosen for limit in goal.misses(trial))
    trials = tuple(dict.fromkeys((*raced[0], *results[0].trials)))
    return replace(results[0], chosen=chosen[0], trials=trials, missed=tuple(missed))


def _price(goal: Goal, trials: Sequence[Trial], raced: Sequence[Sequence[Trial]]) -> tuple[int, float]:
    """Return how many limits a recipe misses on all devices, and how much slower it is where it loses most.

    Args:
        goal: The limits.
        trials: Of the recipe, one for each device.
        raced: All trials of each device.
    """
    misses = sum(len(goal.misses(trial)) for trial in trials)
    if goal.prefer == "size":
        return misses, trials[0].size_mb
    fastest = (min(trial.latency_ms for trial in its) for its in raced)
    return misses, max(trial.latency_ms / best for trial, best in zip(trials, fastest, strict=True))
