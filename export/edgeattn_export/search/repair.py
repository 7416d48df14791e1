"""A choice proven end to end, and its repair where it spoils too much: units are tried one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from edgeattn_export.graph.files import file_mb
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search.candidates import fitted_together
from edgeattn_export.search.choose import Choice, Option, Problem, Trust, choose, total_of
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.goal import LEAST_ERROR, Goal
from edgeattn_export.search.options import (
    affordable,
    leading,
    megabytes,
    priced,
    tried,
    tried_embedding,
    worthwhile,
)
from edgeattn_export.search.rig import Step
from edgeattn_export.search.units import Unit, merged, singles

ATTEMPTS = 4  # choices that are proven at most
EMBEDDING = "(embeddings)"  # the unit that is no layer

Choices = dict[Recipe, Choice]
NEGLIGIBLE = 0.1  # of what may be spoiled, or is: the share of all units together that are not looked at


def proven(meter: ErrorMeter, units: Sequence[Unit], problem: Problem) -> Choices:
    """Return choices, each made with what the proof of those before taught, until one is its own repair.

    The problem has the options of the units, which are linear layers, and of what is no layer.
    """
    choices: Choices = {}
    trust, goal = _first_trust(meter, problem.remaining_share), problem.goal
    for _ in range(ATTEMPTS):
        choice = choose(replace(problem, goal=goal), trust=trust)
        recipe = recipe_of(meter, units, choice)
        if recipe in choices:
            break
        choices[recipe] = choice
        if is_exact(meter, problem.goal, recipe) and not problem.goal.thorough:
            break
        expected, (mean, worst) = total_of(choice).errors, _errors(meter, recipe)
        trust = Trust(_ratio(mean, expected.mean()), _ratio(worst, expected.max()))
        if math.isfinite(problem.goal.size_mb):
            goal = _with_room(problem.goal, choice, file_mb(meter.model(recipe)))
    return choices


def is_met(meter: ErrorMeter, goal: Goal, recipe: Recipe) -> bool:
    """Say whether a recipe keeps to the limits on exactness and size."""
    is_small = math.isinf(goal.size_mb) or file_mb(meter.model(recipe)) <= goal.size_mb
    return is_exact(meter, goal, recipe) and is_small


def is_exact(meter: ErrorMeter, goal: Goal, recipe: Recipe) -> bool:
    """Say whether a recipe keeps to the limits on exactness."""
    mean, worst = _errors(meter, recipe)
    return mean <= goal.mean_error and worst <= goal.worst_error


def _errors(meter: ErrorMeter, recipe: Recipe) -> tuple[float, float]:
    """Return the mean and the worst error of a recipe."""
    errors = meter.errors(recipe)
    return float(errors.mean()), float(errors.max())


def is_reached(meter: ErrorMeter, goal: Goal, recipe: Recipe) -> bool:
    """Say whether a recipe keeps to the limits on exactness, were there no margin."""
    errors = meter.errors(recipe)
    return bool(errors.mean() <= 1 - goal.r2 and errors.max() <= 1 - goal.r2_min)


def recipe_of(meter: ErrorMeter, units: Sequence[Unit], choice: Choice) -> Recipe:
    """Return the recipe of a choice, its weights rounded by the layers' outputs."""
    treatments = fitted_together({unit.name: _finished(meter, choice[unit.name].treatment) for unit in units})
    embedding = choice[EMBEDDING].treatment.form
    return merged(units, treatments, (embedding, *meter.rig.candidates.others))


def uniform(meter: ErrorMeter, units: Sequence[Unit], treatment: Treatment) -> Recipe:
    """Return the recipe that gives one treatment to all units."""
    treatments = {unit.name: _finished(meter, treatment) for unit in units}
    return merged(units, treatments, meter.rig.candidates.plain.rewrites)


def by_kernels(meter: ErrorMeter, goal: Goal, units: Sequence[Unit], first: Choice) -> list[Recipe]:
    """Return the first recipe of the kernels' rule that meets the goal; none where kernels are not fastest.

    With one of its treatments for all layers, the kernel takes as long as with any other. ``first`` is what
    costs each unit the least.
    """
    forms, rule = meter.calibration.forms, meter.rig.candidates.kernels.rule
    if not all(forms.linear[first[unit.name].treatment.form].fuses for unit in units):
        return []
    recipes = (uniform(meter, units, treatment) for treatment in rule)
    return list(islice((recipe for recipe in recipes if is_met(meter, goal, recipe)), 1))


def _finished(meter: ErrorMeter, treatment: Treatment) -> Treatment:
    return meter.rig.candidates.finished(treatment, meter.calibration.forms)


def _first_trust(meter: ErrorMeter, left: float) -> Trust:
    """Return what is known before anything is proven: by how much the samples that are tried are harder."""
    plain = meter.errors(meter.rig.candidates.plain)
    return Trust(left * _ratio(plain.mean(), plain[list(meter.sensed)].mean()), left)


def _ratio(measured: float, expected: float) -> float:
    return float(measured / expected) if expected > 0 else 1.0


def _with_room(goal: Goal, choice: Choice, size_mb: float) -> Goal:
    """Return the goal less what a choice's graph takes for anything but its layers' weights."""
    other_mb = size_mb - sum(option.megabytes for option in choice.values())
    return replace(goal, size_mb=max(goal.size_mb - other_mb, LEAST_ERROR))


def significant_units(choice: Mapping[str, Option], goal: Goal) -> frozenset[str]:
    """Name the units that spoil the most; the others together spoil a negligible share.

    Nothing that these others could be given instead would gain more than that share.
    """
    if math.isfinite(goal.size_mb):  # what some units may take depends on what the others leave
        return frozenset(choice)
    total = total_of(choice).errors
    mean = NEGLIGIBLE * min(goal.mean_error, float(total.mean()))
    worst = NEGLIGIBLE * min(goal.worst_error, float(total.max()))
    ordered = sorted(choice, key=lambda name: float(choice[name].errors.mean() + choice[name].errors.max()))
    spoiled = np.cumsum([np.broadcast_to(choice[name].errors, total.shape) for name in ordered], axis=0)
    return frozenset(
        name
        for name, errors in zip(ordered, spoiled, strict=True)
        if choice[name].errors.any() and (errors.mean() > mean or errors.max() > worst)
    )


def repaired(
    meter: ErrorMeter, units: Sequence[Unit], problem: Problem, first: Choice, step: Step
) -> Choices:
    """Try what units spoil, one by one, and return choices that make up for it."""
    goal = problem.goal
    plain = {}
    for done, unit in enumerate(units):
        step(done, len(units), f"trying {unit.name} in {first[unit.name].treatment.form}")
        plain[unit.name] = tried(meter, unit, first[unit.name])
    significant = [unit for unit in units if unit.name in significant_units(plain, goal)]
    embeddings = [tried_embedding(meter, option) for option in problem.units[EMBEDDING]]
    options = {**{name: [option] for name, option in plain.items()}, EMBEDDING: embeddings}
    forms, candidates = meter.calibration.forms, meter.rig.candidates
    usual = {unit: affordable(meter, candidates.usual(unit.first, goal, forms)) for unit in significant}
    problem = replace(problem, units=options | _tried(meter, usual, goal, step))
    choices = {} if goal.thorough else proven(meter, units, problem.quick())
    if not any(is_reached(meter, goal, recipe) for recipe in choices):
        units, problem = _with_exact(meter, units, significant, problem, step)
        choices |= proven(meter, units, problem)
    return choices


def _with_exact(
    meter: ErrorMeter, units: Sequence[Unit], significant: Sequence[Unit], problem: Problem, step: Step
) -> tuple[Sequence[Unit], Problem]:
    """Try slower and more exact options too, and single layers where the goal wants and needs them."""
    exact = _tried(meter, dict.fromkeys(significant, meter.rig.candidates.most_exact), problem.goal, step)
    options = {name: [*usual, *exact.get(name, [])] for name, usual in problem.units.items()}
    problem = replace(problem, units=options)
    if not problem.goal.thorough or problem.is_cheapest(choose(problem)):
        return units, problem
    of_one = {layer.name: _of_one(unit, options[unit.name]) for unit in significant for layer in unit.layers}
    single_layers = singles(layer for unit in significant for layer in unit.layers)
    for done, unit in enumerate(single_layers):
        step(done, len(single_layers), f"trying {unit.name} by itself")
        options[unit.name] = [
            tried(meter, unit, _of_all(meter, unit, option), rounded=True)
            for option in leading(of_one[unit.first.name])
        ]
    units = (*(unit for unit in units if unit not in significant), *single_layers)
    names = (*(unit.name for unit in units), EMBEDDING)
    return units, replace(problem, units={name: options[name] for name in names}, remaining_share=1.0)


def _tried(
    meter: ErrorMeter, treatments: Mapping[Unit, Sequence[Treatment]], goal: Goal, step: Step
) -> dict[str, list[Option]]:
    """Measure what treatments cost, and what those of them spoil that are worth it."""
    options = priced(meter, treatments, step)
    tried_options: dict[str, list[Option]] = {}
    for done, unit in enumerate(treatments):
        step(done, len(treatments), f"trying {unit.name} in other forms")
        tried_options[unit.name] = [
            tried(meter, unit, option) for option in worthwhile(options[unit.name], goal)
        ]
    return tried_options


def _of_one(unit: Unit, options: Sequence[Option]) -> list[Option]:
    """Return the options of a unit for one of its layers."""
    return [replace(option, milliseconds=option.milliseconds / len(unit.layers)) for option in options]


def _of_all(meter: ErrorMeter, unit: Unit, option: Option) -> Option:
    """Return an option of one layer as a unit's."""
    size = megabytes(unit, option.treatment.form, meter.calibration.forms)
    return replace(option, milliseconds=option.milliseconds * len(unit.layers), megabytes=size)
