"""The search for a bundle's recipe: each graph's own, under its share of what limits them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeattn_export.quantize import Recipe
from edgeattn_export.quantize.bundle_recipe import joined
from edgeattn_export.quantize.float_parts import FloatParts
from edgeattn_export.search import Bench, Found, Goal, Trial, follow, search
from edgeattn_export.search.bundle_goals import left_goals, shared_goals, smallest_goals
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.race import race
from edgeattn_export.search.step import Step

ByGraph = Mapping[str, Found]


def search_bundle(floats: FloatParts, goal: Goal, bench: Bench, *, step: Step) -> Found:
    """Find the recipe of a bundle.

    Args:
        floats: Its graphs.
        goal: What is asked of the bundle.
        bench: What is tried, and where it is measured; what it remembers spares most of a second search.
        step: Told of each step, graph by graph.

    Returns:
        The graphs' searches as one. Each trial is that of one graph beside what was chosen for the others,
        with the least of their cosines, and the sums of their times and sizes.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """

    def find(name: str, its: Goal) -> Found:
        return search(floats.graphs[name], its, bench, step=step)

    goals = shared_goals(floats.graphs, goal, bench)
    found = {name: find(name, its) for name, its in goals.items()}
    if not goal.met_by(_chosen(found)):
        for name, left in left_goals({each: it.chosen for each, it in found.items()}, goal):
            exchanged = {**found, name: find(name, left)}
            if goal.met_by(_chosen(exchanged)):
                return _whole(exchanged, missed=())
        smallest = {name: find(name, its) for name, its in smallest_goals(goals, goal)}
        if smallest and goal.met_by(_chosen(smallest)):
            return _whole(smallest, missed=())
    return _whole(found, missed=goal.misses(_chosen(found)))


def follow_bundle(floats: FloatParts, recipe: Recipe, bench: Bench) -> Found:
    """Prove one given recipe, instead of searching for one.

    Raises:
        RecipeError: A graph cannot follow it, or a pattern matches no layer of any graph.
        QuantizeError: A layer's weights are not finite.
    """
    recipes = floats.divided(recipe)
    found = {name: follow(part, recipes[name], bench) for name, part in floats.graphs.items()}
    return _whole(found, missed=())


def race_bundle(floats: FloatParts, recipes: Sequence[Recipe], bench: Bench) -> tuple[Trial, ...]:
    """Prove recipes of a bundle side by side, each graph with those of its own.

    Raises:
        RecipeError, QuantizeError: As ``follow_bundle`` does.
    """
    divided = [floats.divided(recipe) for recipe in recipes]
    trials = {
        name: race(Judge(part, bench), [recipes[name] for recipes in divided])
        for name, part in floats.graphs.items()
    }
    return tuple(_together({name: its[i] for name, its in trials.items()}) for i in range(len(recipes)))


def _whole(found: ByGraph, *, missed: tuple[str, ...]) -> Found:
    chosen = {name: each.chosen for name, each in found.items()}
    trials = (_together({**chosen, name: trial}) for name, each in found.items() for trial in each.trials)
    return Found(
        chosen=_together(chosen),
        trials=tuple(dict.fromkeys(trials)),  # what was chosen for all is a trial of each
        missed=missed,
        notes=tuple(note for each in found.values() for note in each.notes),
    )


def _chosen(found: ByGraph) -> Trial:
    return _together({name: each.chosen for name, each in found.items()})


def _together(trials: Mapping[str, Trial]) -> Trial:
    return Trial(
        recipe=joined({name: trial.recipe for name, trial in trials.items()}),
        cosine_mean=min(trial.cosine_mean for trial in trials.values()),
        cosine_min=min(trial.cosine_min for trial in trials.values()),
        latency_ms=sum(trial.latency_ms for trial in trials.values()),
        size_mb=sum(trial.size_mb for trial in trials.values()),
    )
