"""The search: what each treatment costs and spoils, a choice, its proof end to end, and its repair."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.layers import FLOAT
from edgeattn_export.quantize.recipe import REWRITES, Recipe, Treatment
from edgeattn_export.search.candidates import FASTEST, OTHERS, finished
from edgeattn_export.search.choose import Choice, Option, Problem, choose, predicted
from edgeattn_export.search.goal import LEAST, Goal, Spent
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.options import (
    Step,
    embedding_options,
    exact_treatments,
    grouped_options,
    is_large,
    single_options,
    usual_treatments,
)
from edgeattn_export.search.race import race
from edgeattn_export.search.slow import not_faster
from edgeattn_export.search.store import Store
from edgeattn_export.search.trial import Trial
from edgeattn_export.search.units import Unit, groups, merged, singles
from edgeattn_export.serialize import file_mb

ATTEMPTS = 4  # choices that are proven at most
EMBEDDING = "(embeddings)"  # the unit beside the layers
ROUNDED = 0.75  # of a treatment's error, about, is left where weights are rounded by the layer's output
PLAIN = Treatment(FASTEST)
EXACT = Treatment("int8 twice", (("smoothing", 0.5),))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        chosen: The trial whose recipe is to be used.
        trials: All that were proven end to end, the chosen one among them.
        missed: The names of the goal's limits that even the chosen one misses.
        notes: What the model's owner should know, in words.
    """

    chosen: Trial
    trials: tuple[Trial, ...]
    missed: tuple[str, ...]
    notes: tuple[str, ...]


def search(
    calibration: Calibration,
    goal: Goal,
    *,
    outputs: tuple[str, ...] = (),
    store: Store | None = None,
    step: Step = lambda done, total: None,  # noqa: ARG005
) -> Found:
    """Find the recipe that meets a goal at the least time, or size.

    Args:
        calibration: The float graph and real samples; all errors are against the graph's own answers.
        goal: What is asked.
        outputs: The names of the outputs that count; empty for all.
        store: What was measured before; None remembers nothing.
        step: Told after each unit's options are measured.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    judge = Judge(calibration, outputs, store or Store(None))
    units, problem = _measured(judge, goal, step)
    choices = {_recipe(units, choice): choice for choice in _proven(judge, units, problem)}
    uniform = [] if is_large(calibration) else [_uniform(units, PLAIN), _uniform(units, EXACT)]
    trials = race(judge, dict.fromkeys([*choices, *uniform]))
    # What a choice costs is known better from its layers' own times than from a short race of whole graphs.
    costs = {recipe: sum(map(problem.cost, choice.values())) for recipe, choice in choices.items()}
    chosen = min(trials[: len(choices)], key=lambda trial: (goal.excess(_spent(trial)), costs[trial.recipe]))
    notes = not_faster(units, problem.units, choices[chosen.recipe])
    return Found(chosen, trials, goal.misses(chosen), notes)


def _measured(judge: Judge, goal: Goal, step: Step) -> tuple[tuple[Unit, ...], Problem]:
    """Measure the options of groups, and of single layers where the goal wants and needs them."""
    layers = judge.calibration.layers
    units = groups(layers)
    options = grouped_options(judge, units, partial(usual_treatments, judge, goal), step)
    problem = _problem(judge, units, goal, options)
    if goal.thorough or not _is_quick(choose(problem, trust=ROUNDED)):
        more = grouped_options(judge, units, exact_treatments, step)
        options = {name: [*found, *more[name]] for name, found in options.items()}
        problem = _problem(judge, units, goal, options)
    if goal.thorough and not problem.is_cheapest(choose(problem)):
        leading = {layer.name: problem.units[unit.name] for unit in units for layer in unit.layers}
        units = singles(layers)
        problem = _problem(judge, units, goal, single_options(judge, units, leading, step))
    return units, problem


def _is_quick(choice: Choice) -> bool:
    """Say whether forms that take no longer than int8, or little, are exact enough."""
    return all(option.treatment.form != FLOAT for option in choice.values())


def follow(
    calibration: Calibration, recipe: Recipe, *, outputs: tuple[str, ...] = (), store: Store | None = None
) -> Found:
    """Prove one given recipe end to end, instead of searching for one.

    Raises:
        RecipeError: The recipe does not fit the graph.
        QuantizeError: A layer's weights are not finite.
    """
    (trial,) = race(Judge(calibration, outputs, store or Store(None)), [recipe])
    return Found(trial, (trial,), (), ())


def _problem(
    judge: Judge, units: tuple[Unit, ...], goal: Goal, options: Mapping[str, Sequence[Option]]
) -> Problem:
    rest = _rest_milliseconds(judge, units, options, goal)
    return Problem({**options, EMBEDDING: embedding_options(judge, goal)}, goal, rest)


def _rest_milliseconds(
    judge: Judge, units: tuple[Unit, ...], options: Mapping[str, Sequence[Option]], goal: Goal
) -> float:
    """Return the time of all that is no linear layer, where the goal has a limit on time."""
    if math.isinf(goal.latency_ms):
        return 0.0
    (whole,) = race(judge, [_uniform(units, PLAIN)])
    plain = (option for found in options.values() for option in found if option.treatment == PLAIN)
    return max(whole.latency_ms - sum(option.milliseconds for option in plain), 0.0)


def _proven(judge: Judge, units: tuple[Unit, ...], problem: Problem) -> Iterator[Choice]:
    """Yield choices, each made with what the proof of those before it taught, until one is its own repair."""
    seen: set[Recipe] = set()
    trust, goal = ROUNDED, problem.goal
    for _ in range(ATTEMPTS):
        choice = choose(replace(problem, goal=goal), trust=trust)
        recipe = _recipe(units, choice)
        if recipe in seen:
            return
        seen.add(recipe)
        yield choice
        expected = predicted(choice)
        measured = judge.errors(recipe)
        is_met = problem.goal.allows(float(measured.mean()), float(measured.max()))
        if is_met and not problem.goal.thorough:
            return
        shares = [
            found / hoped
            for found, hoped in ((measured.mean(), expected.mean()), (measured.max(), expected.max()))
            if hoped > 0
        ]
        trust = float(max(shares, default=1.0))
        if math.isfinite(problem.goal.size_mb):
            goal = _with_room(problem.goal, choice, file_mb(judge.model(recipe)))


def _with_room(goal: Goal, choice: Choice, size_mb: float) -> Goal:
    """Return the goal less what a choice's graph takes beside the weights of its layers."""
    beside = size_mb - sum(option.megabytes for option in choice.values())
    return replace(goal, size_mb=max(goal.size_mb - beside, LEAST))


def _recipe(units: tuple[Unit, ...], choice: Choice) -> Recipe:
    treatments = {unit.name: finished(choice[unit.name].treatment) for unit in units}
    return merged(units, treatments, (choice[EMBEDDING].treatment.form, *OTHERS))


def _uniform(units: tuple[Unit, ...], treatment: Treatment) -> Recipe:
    return merged(units, {unit.name: finished(treatment) for unit in units}, REWRITES)


def _spent(trial: Trial) -> Spent:
    return Spent(1 - trial.cosine_mean, 1 - trial.cosine_min, trial.latency_ms, trial.size_mb)
