"""Repair of a recipe that spoils too much: what units spoil is tried, one by one, where that can gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeattn_export.quantize.recipe import Treatment
from edgeattn_export.search.choose import Choice, Option, Problem, choose
from edgeattn_export.search.goal import Goal
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.matter import matter
from edgeattn_export.search.options import (
    leading,
    megabytes,
    priced,
    tried,
    tried_embedding,
    tried_rounded,
    usual_treatments,
    worthwhile,
)
from edgeattn_export.search.proof import EMBEDDING, Choices, is_reached, proven
from edgeattn_export.search.step import Step
from edgeattn_export.search.units import Unit, singles


def repaired(judge: Judge, units: Sequence[Unit], problem: Problem, first: Choice, step: Step) -> Choices:
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
    choices = {} if goal.thorough else proven(judge, units, problem.quick())
    if not any(is_reached(judge, goal, recipe) for recipe in choices):
        units, problem = _with_exact(judge, units, wanted, problem, step)
        choices |= proven(judge, units, problem)
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
