"""The search for a bundle's recipe: each graph's own, under its share of the limits on time and size.

One recipe for several devices is the one that is best for the worst of them: each device has a search of its
own, what these chose and what lies on their fronts is then timed on every device, and a recipe is as slow as
where it loses most to the fastest recipe of that device (minimax regret, Savage 1951).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeattn_export.quantize import Recipe
from edgeattn_export.quantize.float_graphs import FloatGraphs
from edgeattn_export.quantize.recipes.bundle_recipe import joined
from edgeattn_export.search import Goal, Rig, SearchResult, Trial, follow, front, search
from edgeattn_export.search.error_meter import ErrorMeter, race
from edgeattn_export.search.rig import Step
from edgeattn_export.search.shares import remaining_goals, shared_goals, smallest_goals

RACED_RECIPES = 8  # recipes at most, those that were chosen first
ByGraph = Mapping[str, SearchResult]


def search_bundle(floats: FloatGraphs, goal: Goal, rig: Rig, *, step: Step) -> SearchResult:
    """Find the recipe of a bundle, graph by graph; what the rig remembers spares most of a second search.

    Returns:
        The graphs' searches as one. Each trial joins one graph's with what was chosen for the others,
        with the least of their R², and the sums of their times and sizes.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """

    def find(name: str, own_goal: Goal) -> SearchResult:
        return search(floats.graphs[name], own_goal, rig, step=step)

    goals = shared_goals(floats.graphs, goal, rig)
    results = {name: find(name, own_goal) for name, own_goal in goals.items()}
    if not goal.met_by(_chosen_trial(results)):
        for name, remaining in remaining_goals({each: it.chosen for each, it in results.items()}, goal):
            exchanged = {**results, name: find(name, remaining)}
            if goal.met_by(_chosen_trial(exchanged)):
                return _bundle_result(exchanged, missed=())
        smallest = {name: find(name, own_goal) for name, own_goal in smallest_goals(goals, goal)}
        if smallest and goal.met_by(_chosen_trial(smallest)):
            return _bundle_result(smallest, missed=())
    return _bundle_result(results, missed=goal.misses(_chosen_trial(results)))


def follow_bundle(floats: FloatGraphs, recipe: Recipe, rig: Rig) -> SearchResult:
    """Prove one given recipe, instead of searching for one.

    Raises:
        RecipeError: A graph cannot follow it, or a pattern matches no layer of any graph.
        QuantizeError: A layer's weights are not finite.
    """
    recipes = floats.divided(recipe)
    results = {name: follow(graph, recipes[name], rig) for name, graph in floats.graphs.items()}
    return _bundle_result(results, missed=())


def draft_bundle(floats: FloatGraphs, rig: Rig) -> SearchResult:
    """Prove the recipe of a rule, instead of searching for one.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    results = {
        name: follow(graph, rig.candidates.recipe_by_rule(graph.calibration), rig)
        for name, graph in floats.graphs.items()
    }
    return _bundle_result(results, missed=())


def race_bundle(floats: FloatGraphs, recipes: Sequence[Recipe], rig: Rig) -> tuple[Trial, ...]:
    """Prove recipes of a bundle side by side, each graph with those of its own.

    Raises:
        RecipeError, QuantizeError: As ``follow_bundle`` does.
    """
    divided = [floats.divided(recipe) for recipe in recipes]
    trials = {
        name: race(ErrorMeter(graph, rig), [recipes[name] for recipes in divided])
        for name, graph in floats.graphs.items()
    }
    return tuple(_bundle_trial({name: its[i] for name, its in trials.items()}) for i in range(len(recipes)))


def one_recipe_for_all(floats: FloatGraphs, goal: Goal, rigs: Sequence[Rig], *, step: Step) -> SearchResult:
    """Find the recipe of a bundle that meets a goal on each of several devices; errors are the same on all.

    Returns:
        The first device's search, but for what was chosen.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    results = [search_bundle(floats, goal, rig, step=step) for rig in rigs]
    fronts = (trial for each in results for trial in front(each.trials))
    unique = dict.fromkeys(trial.recipe for trial in (*(each.chosen for each in results), *fronts))
    raced = [race_bundle(floats, list(unique)[:RACED_RECIPES], rig) for rig in rigs]
    chosen = min(zip(*raced, strict=True), key=lambda trials: _price(goal, trials, raced))
    missed = dict.fromkeys(limit for trial in chosen for limit in goal.misses(trial))
    trials = tuple(dict.fromkeys((*raced[0], *results[0].trials)))
    return replace(results[0], chosen=chosen[0], trials=trials, missed=tuple(missed))


def _price(goal: Goal, trials: Sequence[Trial], raced: Sequence[Sequence[Trial]]) -> tuple[int, float]:
    """Return how many limits a recipe misses on all devices, and how much slower it is where it loses most.

    ``trials`` are those of the recipe, one for each device, ``raced`` all of each device.
    """
    misses = sum(len(goal.misses(trial)) for trial in trials)
    if goal.prefer == "size":
        return misses, trials[0].size_mb
    fastest = (min(trial.latency_ms for trial in its) for its in raced)
    return misses, max(trial.latency_ms / best for trial, best in zip(trials, fastest, strict=True))


def _bundle_result(results: ByGraph, *, missed: tuple[str, ...]) -> SearchResult:
    chosen = {name: each.chosen for name, each in results.items()}
    trials = (
        _bundle_trial({**chosen, name: trial}) for name, each in results.items() for trial in each.trials
    )
    return SearchResult(
        chosen=_bundle_trial(chosen),
        trials=tuple(dict.fromkeys(trials)),  # what was chosen for all is a trial of each
        missed=missed,
        notes=tuple(note for each in results.values() for note in each.notes),
    )


def _chosen_trial(results: ByGraph) -> Trial:
    return _bundle_trial({name: each.chosen for name, each in results.items()})


def _bundle_trial(trials: Mapping[str, Trial]) -> Trial:
    return Trial(
        recipe=joined({name: trial.recipe for name, trial in trials.items()}),
        r2=min(trial.r2 for trial in trials.values()),
        r2_min=min(trial.r2_min for trial in trials.values()),
        latency_ms=sum(trial.latency_ms for trial in trials.values()),
        size_mb=sum(trial.size_mb for trial in trials.values()),
    )
