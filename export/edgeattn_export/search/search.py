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
from edgeattn_export.search.choose import AS_PREDICTED, Choice, Option, Problem, Trust, choose, predicted
from edgeattn_export.search.goal import LEAST, Goal, Spent
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.matter import matter
from edgeattn_export.search.options import (
    cheapest_treatments,
    embedding_options,
    is_large,
    leading,
    megabytes,
    priced,
    tried,
    tried_embedding,
    tried_rounded,
    usual_treatments,
    worthwhile,
)
from edgeattn_export.search.race import race
from edgeattn_export.search.slow import not_faster
from edgeattn_export.search.step import Step, unheard
from edgeattn_export.search.trial import Trial
from edgeattn_export.search.units import Unit, groups, merged, singles

ATTEMPTS = 4  # choices that are proven at most
EMBEDDING = "(embeddings)"  # the unit beside the layers
ROUNDED = 0.75  # of a treatment's error, about, is left where weights are rounded by the layer's output

Choices = dict[Recipe, Choice]


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
    choices = {_recipe(judge, units, first): first}
    if problem.excess(first, AS_PREDICTED) or not _is_met(judge, goal, *choices):
        choices |= _repaired(judge, units, problem, first, step)
    ends = () if is_large(part.calibration) else (candidates.fastest, candidates.most_exact[-1])
    uniform = [_uniform(judge, units, treatment) for treatment in ends]
    step(0, 1, "timing the recipes that were found")
    trials = race(judge, dict.fromkeys([*choices, *uniform]))
    eligible = trials if goal.thorough else trials[: len(choices)]  # the others are slow, or show the range
    chosen = min(eligible, key=partial(_price, goal))
    notes = not_faster(units, problem.units, chosen.recipe, candidates.fastest.form)
    return Found(chosen, trials, goal.misses(chosen), notes)


def _priced(judge: Judge, units: Sequence[Unit], goal: Goal, step: Step) -> Problem:
    """Measure what may cost the least of each unit, as if nothing spoiled anything."""
    cheapest = {unit: cheapest_treatments(judge, goal, unit.first) for unit in units}
    options = priced(judge, cheapest, step)
    rest = _rest_milliseconds(judge, units, options, goal)
    return Problem({**options, EMBEDDING: embedding_options(judge, goal)}, goal, rest, ROUNDED)


def _repaired(judge: Judge, units: Sequence[Unit], problem: Problem, first: Choice, step: Step) -> Choices:
    """Try what units spoil, one by one, and return choices that make up for it."""
    goal = problem.goal
    plain = {}
    for done, unit in enumerate(units):
        step(done, len(units), f"trying {unit.name} in {first[unit.name].treatment.form}")
        plain[unit.name] = tried(judge, unit, first[unit.name])
    wanted = [unit for unit in units if unit.name in matter(plain, goal)]
    embeddings = [tried_embedding(judge, option) for option in problem.units[EMBEDDING]]
    options = {**{name: [option] for name, option in plain.items()}, EMBEDDING: embeddings}
    usual = {unit: usual_treatments(judge, goal, unit.first) for unit in wanted}
    problem = replace(problem, units=options | _tried(judge, usual, goal, step))
    choices = {} if goal.thorough else _proven(judge, units, problem.quick())
    if not any(_is_reached(judge, goal, recipe) for recipe in choices):
        units, problem = _with_exact(judge, units, wanted, problem, step)
        choices |= _proven(judge, units, problem)
    return choices


def _with_exact(
    judge: Judge, units: Sequence[Unit], wanted: Sequence[Unit], problem: Problem, step: Step
) -> tuple[Sequence[Unit], Problem]:
    """Try slower and more exact options too, and single layers where the goal wants and needs them.

    Args:
        judge: Of the graph.
        units: All of them.
        wanted: Those that matter.
        problem: With their usual options.
        step: Told of each step.
    """
    exact = _tried(judge, dict.fromkeys(wanted, judge.bench.candidates.most_exact), problem.goal, step)
    options = {name: [*found, *exact.get(name, [])] for name, found in problem.units.items()}
    problem = replace(problem, units=options)
    if not problem.goal.thorough or problem.is_cheapest(choose(problem)):
        return units, problem
    of_one = {layer.name: _of_one(unit, options[unit.name]) for unit in wanted for layer in unit.layers}
    alone = singles(layer for unit in wanted for layer in unit.layers)
    for done, unit in enumerate(alone):
        step(done, len(alone), f"trying {unit.name} alone")
        options[unit.name] = [
            tried_rounded(judge, unit, _of_all(judge, unit, option))
            for option in leading(of_one[unit.first.name])
        ]
    units = (*(unit for unit in units if unit not in wanted), *alone)
    names = (*(unit.name for unit in units), EMBEDDING)
    return units, replace(problem, units={name: options[name] for name in names}, left=1.0)


def _tried(
    judge: Judge, treatments: Mapping[Unit, Sequence[Treatment]], goal: Goal, step: Step
) -> dict[str, list[Option]]:
    """Measure what treatments cost, and what those of them spoil that are worth it."""
    options = priced(judge, treatments, step)
    found: dict[str, list[Option]] = {}
    for done, unit in enumerate(treatments):
        step(done, len(treatments), f"trying {unit.name} in other forms")
        found[unit.name] = [tried(judge, unit, option) for option in worthwhile(options[unit.name], goal)]
    return found


def _of_one(unit: Unit, options: Sequence[Option]) -> list[Option]:
    """Return the options of a unit for one of its layers."""
    return [replace(option, milliseconds=option.milliseconds / len(unit.layers)) for option in options]


def _of_all(judge: Judge, unit: Unit, option: Option) -> Option:
    """Return an option of one layer as that of a unit."""
    size = megabytes(unit, option.treatment.form, judge.part.calibration.forms)
    return replace(option, milliseconds=option.milliseconds * len(unit.layers), megabytes=size)


def _is_met(judge: Judge, goal: Goal, recipe: Recipe) -> bool:
    """Say whether a recipe keeps to the limits on exactness and size."""
    errors = judge.errors(recipe)
    exact = goal.allows(float(errors.mean()), float(errors.max()))
    return exact and (math.isinf(goal.size_mb) or file_mb(judge.model(recipe)) <= goal.size_mb)


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
    judge: Judge, units: Sequence[Unit], options: Mapping[str, Sequence[Option]], goal: Goal
) -> float:
    """Return the time of all that is no linear layer, where the goal has a limit on time."""
    if math.isinf(goal.latency_ms):
        return 0.0
    fastest = judge.bench.candidates.fastest
    (whole,) = race(judge, [_uniform(judge, units, fastest)])
    plain = (option for found in options.values() for option in found if option.treatment == fastest)
    return max(whole.latency_ms - sum(option.milliseconds for option in plain), 0.0)


def _proven(judge: Judge, units: Sequence[Unit], problem: Problem) -> Choices:
    """Return choices, each made with what the proof of those before taught, until one is its own repair."""
    found: Choices = {}
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


def _recipe(judge: Judge, units: Sequence[Unit], choice: Choice) -> Recipe:
    treatments = {unit.name: _finished(judge, choice[unit.name].treatment) for unit in units}
    embedding = choice[EMBEDDING].treatment.form
    return merged(units, treatments, (embedding, *judge.bench.candidates.others))


def _uniform(judge: Judge, units: Sequence[Unit], treatment: Treatment) -> Recipe:
    treatments = {unit.name: _finished(judge, treatment) for unit in units}
    return merged(units, treatments, judge.bench.candidates.plain.rewrites)


def _finished(judge: Judge, treatment: Treatment) -> Treatment:
    return judge.bench.candidates.finished(treatment, judge.part.calibration.forms)


def _price(goal: Goal, trial: Trial) -> tuple[float, float]:
    """Return what a trial misses of the goal, and what it costs: the whole graph's own time, as raced."""
    return goal.excess(_spent(trial)), goal.cost(trial.latency_ms, trial.size_mb)


def _spent(trial: Trial) -> Spent:
    return Spent(1 - trial.cosine_mean, 1 - trial.cosine_min, trial.latency_ms, trial.size_mb)
