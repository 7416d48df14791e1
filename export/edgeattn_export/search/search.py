"""The search: what each treatment costs, a choice, its proof end to end, and its repair where that fails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.recipes.recipe import Recipe
from edgeattn_export.search.choose import AS_PREDICTED, Option, Problem, choose, total_of
from edgeattn_export.search.error_meter import ErrorMeter, race
from edgeattn_export.search.gain import idle_trials, why_idle
from edgeattn_export.search.goal import Goal, Trial
from edgeattn_export.search.kernel_rewrites import with_kernels
from edgeattn_export.search.options import affordable, embedding_options, is_large, priced
from edgeattn_export.search.repair import (
    EMBEDDING,
    by_kernels,
    is_met,
    recipe_of,
    repaired,
    uniform,
)
from edgeattn_export.search.rig import Rig, Step, silent
from edgeattn_export.search.units import Unit, groups

SMALL_WEIGHT = 64 * 1024  # weights, below which a product takes about as long as quantizing its input
ROUNDED_SHARE = 0.75  # of a treatment's error, about, is left where weights are rounded by the layer's output


def why_float(
    units: Iterable[Unit], options: Mapping[str, Sequence[Option]], recipe: Recipe, fastest: str
) -> tuple[str, ...]:
    """Say of each unit that stays float for speed why int8 is not faster here.

    Float and the fastest form are among the options of each unit; on an engine of floats they are the same.
    """
    if fastest == FLOAT.name:
        return ()
    notes = []
    for unit in units:
        if recipe.treatment(unit.first.name).form == FLOAT.name:
            plain, int8 = (_least(options[unit.name], form) for form in (FLOAT.name, fastest))
            notes += [_why(unit, plain, int8)] if plain <= int8 else []
    return tuple(notes)


def _why(unit: Unit, plain: float, int8: float) -> str:
    layer, count = unit.first, len(unit.layers)
    layers = f"layer {layer.name!r}" + (f" and {count - 1} like it" if count > 1 else "")
    cause = (
        f"its {layer.width} x {layer.channels} weights are few, quantizing its input costs more than it saves"
        if layer.width * layer.channels <= SMALL_WEIGHT
        else "its products are bound by memory, or this processor has no fast int8 kernel for them"
    )
    return (
        f"Int8 is not faster here: {layers} takes {1e3 * plain / count:.3g} us in float and "
        f"{1e3 * int8 / count:.3g} in int8: {cause}. It stays float."
    )


def _least(options: Sequence[Option], form: str) -> float:
    return min(option.milliseconds for option in options if option.treatment.form == form)


@dataclass(frozen=True, slots=True)
class SearchResult:
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


def search(float_graph: FloatGraph, goal: Goal, rig: Rig, *, step: Step = silent) -> SearchResult:
    """Find the recipe that meets a goal at the least time, or size.

    A graph by which int8 gains nothing stays float. Otherwise every layer first gets what costs the least, as
    if that spoiled nothing. Only where this recipe is then proven to spoil too much, treatments are tried one
    by one, of the units where that can gain anything.

    Args:
        float_graph: The float graph and real samples; all errors are against the graph's own answers.
        goal: What is asked.
        rig: What is tried, and where it is measured.
        step: Told of each step.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    meter = ErrorMeter(float_graph, rig)
    step(0, 1, "timing float and plain int8")
    idle = idle_trials(meter, goal)
    if not idle:
        return _searched(meter, goal, step)
    chosen, gained = _with_kernels(meter, goal, idle[0], step)
    return SearchResult(chosen, (*idle, *gained), goal.misses(chosen), (why_idle(idle),))


def _searched(meter: ErrorMeter, goal: Goal, step: Step) -> SearchResult:
    candidates, units = meter.rig.candidates, groups(meter.calibration.layers)
    problem = _priced(meter, units, goal, step)
    first = choose(problem)
    choices = {recipe_of(meter, units, first): first}
    exact = is_met(meter, goal, *choices)
    ruled = [] if exact else by_kernels(meter, goal.for_rules(), units, first)
    goal = goal.for_rules() if ruled else goal
    if problem.excess(total_of(first), AS_PREDICTED) or not (exact or ruled):
        choices |= repaired(meter, units, problem, first, step)
    extremes = () if is_large(meter.calibration) else (candidates.fastest, candidates.most_exact[-1])
    uniform_recipes = [uniform(meter, units, treatment) for treatment in extremes]
    step(0, 1, "timing the recipes that were found")
    trials = race(meter, dict.fromkeys([*choices, *ruled, *uniform_recipes]))
    # The others are slow, or show the range.
    eligible = trials if goal.thorough else trials[: len({*choices, *ruled})]
    chosen = min(eligible, key=partial(_price, goal))
    chosen, gained = _with_kernels(meter, goal, chosen, step)
    chosen, corrected, why = _corrected(meter, goal, chosen, step)
    floats = why_float(units, problem.units, chosen.recipe, candidates.fastest.form)
    notes = (*floats, *why)
    return SearchResult(chosen, (*trials, *gained, *corrected), goal.misses(chosen), notes)


def _with_kernels(
    meter: ErrorMeter, goal: Goal, chosen: Trial, step: Step
) -> tuple[Trial, tuple[Trial, ...]]:
    """Try kernels for all but linear layers; return the better trial, and the trial with the kernels."""
    recipe = with_kernels(meter, chosen.recipe, step)
    if recipe == chosen.recipe:
        return chosen, ()
    without, proven = race(meter, [chosen.recipe, recipe])
    return (proven if _price(goal, proven) < _price(goal, without) else chosen), (proven,)


def _corrected(
    meter: ErrorMeter, goal: Goal, chosen: Trial, step: Step
) -> tuple[Trial, tuple[Trial, ...], tuple[str, ...]]:
    """Give a recipe the corrections by which it gains; return its trial, theirs, and why it got them."""
    gains: list[Trial] = []
    notes: list[str] = []
    for name in meter.rig.candidates.corrections:
        step(0, 1, f"trying {name}")
        before, recipe = chosen, chosen.recipe
        corrected = replace(recipe, name=f"{recipe.name}, {name}", rewrites=(*recipe.rewrites, name))
        (trial,) = race(meter, [corrected])
        if _inexactness(goal, trial) < _inexactness(goal, before):
            chosen = trial
            gains.append(trial)
            notes.append(
                f"{name.capitalize()}: on the selection samples an R² of {trial.r2:.5f} in the mean "
                f"and {trial.r2_min:.5f} at worst; otherwise {before.r2:.5f} and {before.r2_min:.5f}."
            )
    return chosen, tuple(gains), tuple(notes)


def _inexactness(goal: Goal, trial: Trial) -> tuple[float, float]:
    """Return what a trial misses of the goal, and its mean and worst error together."""
    return goal.excess_of(trial), 2 - trial.r2 - trial.r2_min


def follow(float_graph: FloatGraph, recipe: Recipe, rig: Rig) -> SearchResult:
    """Prove one given recipe end to end, instead of searching for one.

    Raises:
        RecipeError: The recipe does not fit the graph.
        QuantizeError: A layer's weights are not finite.
    """
    (trial,) = race(ErrorMeter(float_graph, rig), [recipe])
    return SearchResult(trial, (trial,), (), ())


def _priced(meter: ErrorMeter, units: Sequence[Unit], goal: Goal, step: Step) -> Problem:
    """Measure what may cost the least of each unit, as if nothing spoiled anything."""
    forms, candidates = meter.calibration.forms, meter.rig.candidates
    cheapest = {unit: affordable(meter, candidates.cheapest(unit.first, goal, forms)) for unit in units}
    options = priced(meter, cheapest, step)
    rest = _rest_milliseconds(meter, units, options, goal)
    return Problem({**options, EMBEDDING: embedding_options(meter, goal)}, goal, rest, ROUNDED_SHARE)


def _rest_milliseconds(
    meter: ErrorMeter, units: Sequence[Unit], options: Mapping[str, Sequence[Option]], goal: Goal
) -> float:
    """Return the time of all that is no linear layer, where the goal has a limit on time."""
    if math.isinf(goal.latency_ms):
        return 0.0
    fastest = meter.rig.candidates.fastest
    (whole,) = race(meter, [uniform(meter, units, fastest)])
    plain = (option for choices in options.values() for option in choices if option.treatment == fastest)
    return max(whole.latency_ms - sum(option.milliseconds for option in plain), 0.0)


def _price(goal: Goal, trial: Trial) -> tuple[float, float]:
    """Return what a trial misses of the goal, and what it costs: the whole graph's own time, as raced."""
    return goal.excess_of(trial), goal.cost(trial.latency_ms, trial.size_mb)
