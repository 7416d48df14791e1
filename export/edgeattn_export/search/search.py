"""The search: what each treatment costs, a choice, its proof end to end, and its repair where that fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from edgeattn_export.quantize.float_parts import FloatPart
from edgeattn_export.quantize.recipe import Recipe
from edgeattn_export.search.bench import Bench
from edgeattn_export.search.choose import AS_PREDICTED, Option, Problem, choose
from edgeattn_export.search.goal import Goal, Spent
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.options import cheapest_treatments, embedding_options, is_large, priced
from edgeattn_export.search.proof import EMBEDDING, is_met, recipe_of, uniform
from edgeattn_export.search.race import race
from edgeattn_export.search.repair import repaired
from edgeattn_export.search.slow import not_faster
from edgeattn_export.search.step import Step, unheard
from edgeattn_export.search.trial import Trial
from edgeattn_export.search.units import Unit, groups

ROUNDED = 0.75  # of a treatment's error, about, is left where weights are rounded by the layer's output


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        chosen: The trial whose recipe is to be used.
        trials: All that were proven end to end, the chosen one among them.
        missed: The names of the goal's limits that even the chosen one misses.
        notes: What the user should know, in words.
    """

    chosen: Trial
    trials: tuple[Trial, ...]
    missed: tuple[str, ...]
    notes: tuple[str, ...]


def search(part: FloatPart, goal: Goal, bench: Bench, *, step: Step = unheard) -> Found:
    """Find the recipe that meets a goal at the least time, or size.

    First every layer gets what costs the least, as if that spoiled nothing. Only where this recipe is then
    proven to spoil too much, treatments are tried one by one, of the units where that can gain anything.

    Args:
        part: The float graph and real samples; all errors are against the graph's own answers.
        goal: What is asked.
        bench: What is tried, and where it is measured.
        step: Told of each step.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    judge, candidates = Judge(part, bench), bench.candidates
    units = groups(part.calibration.layers)
    problem = _priced(judge, units, goal, step)
    first = choose(problem)
    choices = {recipe_of(judge, units, first): first}
    if problem.excess(first, AS_PREDICTED) or not is_met(judge, goal, *choices):
        choices |= repaired(judge, units, problem, first, step)
    ends = () if is_large(part.calibration) else (candidates.fastest, candidates.most_exact[-1])
    whole = [uniform(judge, units, treatment) for treatment in ends]
    step(0, 1, "timing the recipes that were found")
    trials = race(judge, dict.fromkeys([*choices, *whole]))
    eligible = trials if goal.thorough else trials[: len(choices)]  # the others are slow, or show the range
    chosen = min(eligible, key=partial(_price, goal))
    notes = not_faster(units, problem.units, chosen.recipe, candidates.fastest.form)
    return Found(chosen, trials, goal.misses(chosen), notes)


def follow(part: FloatPart, recipe: Recipe, bench: Bench) -> Found:
    """Prove one given recipe end to end, instead of searching for one.

    Raises:
        RecipeError: The recipe does not fit the graph.
        QuantizeError: A layer's weights are not finite.
    """
    (trial,) = race(Judge(part, bench), [recipe])
    return Found(trial, (trial,), (), ())


def _priced(judge: Judge, units: Sequence[Unit], goal: Goal, step: Step) -> Problem:
    """Measure what may cost the least of each unit, as if nothing spoiled anything."""
    cheapest = {unit: cheapest_treatments(judge, goal, unit.first) for unit in units}
    options = priced(judge, cheapest, step)
    rest = _rest_milliseconds(judge, units, options, goal)
    return Problem({**options, EMBEDDING: embedding_options(judge, goal)}, goal, rest, ROUNDED)


def _rest_milliseconds(
    judge: Judge, units: Sequence[Unit], options: Mapping[str, Sequence[Option]], goal: Goal
) -> float:
    """Return the time of all that is no linear layer, where the goal has a limit on time."""
    if math.isinf(goal.latency_ms):
        return 0.0
    fastest = judge.bench.candidates.fastest
    (whole,) = race(judge, [uniform(judge, units, fastest)])
    plain = (option for found in options.values() for option in found if option.treatment == fastest)
    return max(whole.latency_ms - sum(option.milliseconds for option in plain), 0.0)


def _price(goal: Goal, trial: Trial) -> tuple[float, float]:
    """Return what a trial misses of the goal, and what it costs: the whole graph's own time, as raced."""
    return goal.excess(_spent(trial)), goal.cost(trial.latency_ms, trial.size_mb)


def _spent(trial: Trial) -> Spent:
    return Spent(1 - trial.cosine_mean, 1 - trial.cosine_min, trial.latency_ms, trial.size_mb)
