"""The search: what each treatment costs and spoils, a choice, its proof end to end, and its repair."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.layers import FLOAT
from edgeattn_export.quantize.recipe import REWRITES, Recipe, Treatment
from edgeattn_export.search.candidates import FASTEST, OTHERS, rounded
from edgeattn_export.search.choose import Choice, Option, Problem, choose, predicted
from edgeattn_export.search.goal import Goal, Spent
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

ATTEMPTS = 4  # choices that are proven at most
EMBEDDING = "(embeddings)"  # the unit beside the layers
ROUNDED = 0.75  # of a treatment's error, about, is left where weights are rounded by the layer's output
FASTEST_PLAIN = Treatment(FASTEST)
EXACT_PLAIN = Treatment("int8 twice", (("smoothing", 0.5),))


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
    units = groups(calibration.layers)
    options = grouped_options(judge, units, partial(usual_treatments, judge, goal), step)
    problem = _problem(judge, units, goal, options)
    if goal.thorough or not _is_quick(choose(problem, trust=ROUNDED)):
        more = grouped_options(judge, units, exact_treatments, step)
        options = {name: [*found, *more[name]] for name, found in options.items()}
        problem = _problem(judge, units, goal, options)
    if goal.thorough and not problem.is_cheapest(choose(problem)):
        leading = {layer.name: problem.units[unit.name] for unit in units for layer in unit.layers}
        units = singles(calibration.layers)
        problem = _problem(judge, units, goal, single_options(judge, units, leading, step))
    choices = {_recipe(units, choice): choice for choice in _proven(judge, units, problem)}
    others = [] if is_large(calibration) else [_uniform(units, FASTEST_PLAIN), _uniform(units, EXACT_PLAIN)]
    trials = race(judge, dict.fromkeys([*choices, *others]))
    chosen = min(trials[: len(choices)], key=lambda trial: _rank(trial, goal))
    notes = not_faster(units, problem.units, choices[chosen.recipe])
    return Found(chosen, trials, goal.misses(chosen), notes)


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
    (whole,) = race(judge, [_uniform(units, FASTEST_PLAIN)])
    plain = (option for found in options.values() for option in found if option.treatment == FASTEST_PLAIN)
    return max(whole.latency_ms - sum(option.milliseconds for option in plain), 0.0)


def _proven(judge: Judge, units: tuple[Unit, ...], problem: Problem) -> Iterator[Choice]:
    """Yield choices, each made with what the proof of those before it taught, until one is its own repair."""
    seen: set[Recipe] = set()
    trust = ROUNDED
    for _ in range(ATTEMPTS):
        choice = choose(problem, trust=trust)
        recipe = _recipe(units, choice)
        if recipe in seen:
            return
        seen.add(recipe)
        yield choice
        expected = predicted(choice)
        measured = judge.errors(recipe)
        shares = [
            found / hoped
            for found, hoped in ((measured.mean(), expected.mean()), (measured.max(), expected.max()))
            if hoped > 0
        ]
        trust = float(max(shares, default=1.0))


def _recipe(units: tuple[Unit, ...], choice: Choice) -> Recipe:
    treatments = {unit.name: rounded(choice[unit.name].treatment) for unit in units}
    return merged(units, treatments, (choice[EMBEDDING].treatment.form, *OTHERS))


def _uniform(units: tuple[Unit, ...], treatment: Treatment) -> Recipe:
    return merged(units, {unit.name: treatment for unit in units}, REWRITES)


def _rank(trial: Trial, goal: Goal) -> tuple[float, float]:
    """Order trials: those that meet the goal by what is to be least, the others by how far they are off."""
    spent = Spent(1 - trial.cosine_mean, 1 - trial.cosine_min, trial.latency_ms, trial.size_mb)
    return goal.excess(spent), trial.size_mb if goal.prefer == "size" else trial.latency_ms
