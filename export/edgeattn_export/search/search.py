"""The search: what each treatment costs and spoils, a choice, its proof end to end, and its repair."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.quantize.float_parts import FloatPart
from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_export.search.bench import Bench
from edgeattn_export.search.choose import Choice, Option, Problem, Trust, choose, predicted
from edgeattn_export.search.goal import LEAST, Goal, Spent
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.options import (
    Step,
    embedding_options,
    grouped_options,
    is_large,
    single_options,
    usual_treatments,
)
from edgeattn_export.search.race import race
from edgeattn_export.search.slow import not_faster
from edgeattn_export.search.trial import Trial
from edgeattn_export.search.units import Unit, groups, merged, singles

ATTEMPTS = 4  # choices that are proven at most
EMBEDDING = "(embeddings)"  # the unit beside the layers
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


def search(
    part: FloatPart,
    goal: Goal,
    bench: Bench,
    *,
    step: Step = lambda done, total: None,  # noqa: ARG005
) -> Found:
    """Find the recipe that meets a goal at the least time, or size.

    Args:
        part: The float graph and real samples; all errors are against the graph's own answers.
        goal: What is asked.
        bench: What is tried, and where it is measured.
        step: Told after each unit's options are measured.

    Raises:
        QuantizeError: A layer's weights are not finite.
    """
    judge, candidates = Judge(part, bench), bench.candidates
    units, problem = _grouped(judge, goal, step)
    choices = {} if goal.thorough else _proven(judge, units, problem.quick())
    if not any(_is_reached(judge, goal, recipe) for recipe in choices):
        units, problem = _with_exact(judge, units, problem, step)
        choices |= _proven(judge, units, problem)
    ends = () if is_large(part.calibration) else (candidates.fastest, candidates.most_exact[-1])
    uniform = [_uniform(judge, units, treatment) for treatment in ends]
    trials = race(judge, dict.fromkeys([*choices, *uniform]))
    eligible = trials if goal.thorough else trials[: len(choices)]  # the others are slow, or show the range
    chosen = min(eligible, key=partial(_price, goal))
    notes = not_faster(units, problem.units, chosen.recipe, candidates.fastest.form)
    return Found(chosen, trials, goal.misses(chosen), notes)


def _grouped(judge: Judge, goal: Goal, step: Step) -> tuple[tuple[Unit, ...], Problem]:
    """Measure the usual options of groups of layers."""
    units = groups(judge.part.calibration.layers)
    options = grouped_options(judge, units, partial(usual_treatments, judge, goal), step)
    rest = _rest_milliseconds(judge, units, options, goal)
    return units, Problem({**options, EMBEDDING: embedding_options(judge, goal)}, goal, rest, ROUNDED)


def _with_exact(
    judge: Judge, units: tuple[Unit, ...], problem: Problem, step: Step
) -> tuple[tuple[Unit, ...], Problem]:
    """Measure slower and more exact options too, and single layers where the goal wants and needs them."""
    more = grouped_options(judge, units, lambda _: judge.bench.candidates.most_exact, step)
    options = {name: [*found, *more.get(name, [])] for name, found in problem.units.items()}
    problem = replace(problem, units=options)
    if not problem.goal.thorough or problem.is_cheapest(choose(problem)):
        return units, problem
    leading = {layer.name: _of_one(unit, options[unit.name]) for unit in units for layer in unit.layers}
    units = singles(judge.part.calibration.layers)
    measured = single_options(judge, units, leading, step)
    return units, replace(problem, units={**measured, EMBEDDING: options[EMBEDDING]}, left=1.0)


def _of_one(unit: Unit, options: Sequence[Option]) -> list[Option]:
    """Return the options of a unit for one of its layers."""
    return [replace(option, milliseconds=option.milliseconds / len(unit.layers)) for option in options]


def _is_reached(judge: Judge, goal: Goal, recipe: Recipe) -> bool:
    errors = judge.errors(recipe)
    return goal.is_reached_by(float(errors.mean()), float(errors.max()))


def follow(part: FloatPart, recipe: Recipe, bench: Bench) -> Found:
    """Prove one given recipe end to end, instead of searching for one.

    Raises:
        RecipeError: The recipe does not fit the graph.
        QuantizeError: A layer's weights are not finite.
    """
    (trial,) = race(Judge(part, bench), [recipe])
    return Found(trial, (trial,), (), ())


def _rest_milliseconds(
    judge: Judge, units: tuple[Unit, ...], options: Mapping[str, Sequence[Option]], goal: Goal
) -> float:
    """Return the time of all that is no linear layer, where the goal has a limit on time."""
    if math.isinf(goal.latency_ms):
        return 0.0
    fastest = judge.bench.candidates.fastest
    (whole,) = race(judge, [_uniform(judge, units, fastest)])
    plain = (option for found in options.values() for option in found if option.treatment == fastest)
    return max(whole.latency_ms - sum(option.milliseconds for option in plain), 0.0)


def _proven(judge: Judge, units: tuple[Unit, ...], problem: Problem) -> dict[Recipe, Choice]:
    """Return choices, each made with what the proof of those before taught, until one is its own repair."""
    found: dict[Recipe, Choice] = {}
    trust, goal = _first_trust(judge, problem.left), problem.goal
    for _ in range(ATTEMPTS):
        choice = choose(replace(problem, goal=goal), trust=trust)
        recipe = _recipe(judge, units, choice)
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


def _recipe(judge: Judge, units: tuple[Unit, ...], choice: Choice) -> Recipe:
    treatments = {unit.name: _finished(judge, choice[unit.name].treatment) for unit in units}
    embedding = choice[EMBEDDING].treatment.form
    return merged(units, treatments, (embedding, *judge.bench.candidates.others))


def _uniform(judge: Judge, units: tuple[Unit, ...], treatment: Treatment) -> Recipe:
    treatments = {unit.name: _finished(judge, treatment) for unit in units}
    return merged(units, treatments, judge.bench.candidates.plain.rewrites)


def _finished(judge: Judge, treatment: Treatment) -> Treatment:
    return judge.bench.candidates.finished(treatment, judge.part.calibration.forms)


def _price(goal: Goal, trial: Trial) -> tuple[float, float]:
    """Return what a trial misses of the goal, and what it costs: the whole graph's own time, as raced."""
    return goal.excess(_spent(trial)), goal.cost(trial.latency_ms, trial.size_mb)


def _spent(trial: Trial) -> Spent:
    return Spent(1 - trial.cosine_mean, 1 - trial.cosine_min, trial.latency_ms, trial.size_mb)
