"""A choice proven end to end: its recipe on all samples, and what that proof teaches of the next choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_export.search.choose import Choice, Problem, Trust, choose, predicted
from edgeattn_export.search.goal import LEAST, Goal
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.units import Unit, merged

ATTEMPTS = 4  # choices that are proven at most
EMBEDDING = "(embeddings)"  # the unit beside the layers

Choices = dict[Recipe, Choice]


def proven(judge: Judge, units: Sequence[Unit], problem: Problem) -> Choices:
    """Return choices, each made with what the proof of those before taught, until one is its own repair."""
    found: Choices = {}
    trust, goal = _first_trust(judge, problem.left), problem.goal
    for _ in range(ATTEMPTS):
        choice = choose(replace(problem, goal=goal), trust=trust)
        recipe = recipe_of(judge, units, choice)
        if recipe in found:
            break
        found[recipe] = choice
        expected = predicted(choice)
        measured = judge.errors(recipe)
        is_met = problem.goal.allows(float(measured.mean()), float(measured.max()))
        if is_met and not problem.goal.thorough:
            break
        trust = Trust(
            _share(measured.mean(), expected.mean()),
            _share(measured.max(), expected.max()),
        )
        if math.isfinite(problem.goal.size_mb):
            goal = _with_room(problem.goal, choice, file_mb(judge.model(recipe)))
    return found


def is_met(judge: Judge, goal: Goal, recipe: Recipe) -> bool:
    """Say whether a recipe keeps to the limits on exactness and size."""
    errors = judge.errors(recipe)
    exact = goal.allows(float(errors.mean()), float(errors.max()))
    return exact and (math.isinf(goal.size_mb) or file_mb(judge.model(recipe)) <= goal.size_mb)


def is_reached(judge: Judge, goal: Goal, recipe: Recipe) -> bool:
    """Say whether a recipe keeps to the limits on exactness, were there no margin."""
    errors = judge.errors(recipe)
    return goal.is_reached_by(float(errors.mean()), float(errors.max()))


def recipe_of(judge: Judge, units: Sequence[Unit], choice: Choice) -> Recipe:
    """Return the recipe of a choice, its weights rounded by the layers' outputs."""
    treatments = {unit.name: _finished(judge, choice[unit.name].treatment) for unit in units}
    embedding = choice[EMBEDDING].treatment.form
    return merged(units, treatments, (embedding, *judge.bench.candidates.others))


def uniform(judge: Judge, units: Sequence[Unit], treatment: Treatment) -> Recipe:
    """Return the recipe that gives one treatment to all units."""
    treatments = {unit.name: _finished(judge, treatment) for unit in units}
    return merged(units, treatments, judge.bench.candidates.plain.rewrites)


def _finished(judge: Judge, treatment: Treatment) -> Treatment:
    return judge.bench.candidates.finished(treatment, judge.part.calibration.forms)


def _first_trust(judge: Judge, left: float) -> Trust:
    """Return what is known before anything is proven: by how much the samples that are tried are harder."""
    plain = judge.errors(judge.bench.candidates.plain)
    return Trust(left * _share(plain.mean(), plain[list(judge.sensed)].mean()), left)


def _share(found: float, hoped: float) -> float:
    return float(found / hoped) if hoped > 0 else 1.0


def _with_room(goal: Goal, choice: Choice, size_mb: float) -> Goal:
    """Return the goal less what a choice's graph takes beside the weights of its layers."""
    beside = size_mb - sum(option.megabytes for option in choice.values())
    return replace(goal, size_mb=max(goal.size_mb - beside, LEAST))
