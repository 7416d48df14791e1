"""Choosing a treatment for each unit: the least total cost whose predicted errors stay within the goal.

A choice of one item from each class under two limits (a multiple-choice knapsack), solved greedily: from the
cheapest treatments, whatever lowers the error most for its cost is taken until the goal is met; then what
turned out to be too much is given back. Errors of layers add up: each is a small rotation of the output, in
directions that have nothing to do with one another, so that 1 - cosine is their sum, sample by sample.

Without limits on time and size, and with an option without error for each unit, a choice is always within
the goal. With such limits the greedy way may end outside where another choice is within: what is fast and
exact is large. Where the size is limited, a second way therefore begins with the smallest treatments, and
takes what lowers the error most for its megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.recipe import Treatment
from edgeattn_export.search.error_meter import Errors
from edgeattn_export.search.goal import LEAST_ERROR, Goal, Usage

LEAST_PRICE = 1e-9  # the least price of an exchange
NO_GAIN = 1e-9  # a gain, or an excess, that is none but the rounding of sums
OTHERS_WEIGHT = 1e-3  # what samples count that are beyond the limit but not the worst: two may be equally bad


@dataclass(frozen=True, slots=True)
class Option:
    """A treatment of a unit, and what is known of it.

    Attributes:
        treatment: For all of the unit's layers.
        errors: (samples) 1 - cosine with only this unit treated.
        milliseconds: Of all of its layers together.
        megabytes: Of their weights.
    """

    treatment: Treatment
    errors: Errors
    milliseconds: float
    megabytes: float


Choice = Mapping[str, Option]  # by the unit's name


@dataclass(frozen=True, slots=True)
class Trust:
    """What predicted errors are multiplied by: measured over predicted, for an earlier choice.

    Attributes:
        mean: Of the mean error. The samples that options are tried on are harder than the others.
        worst: Of each sample's error.
    """

    mean: float = 1.0
    worst: float = 1.0


AS_PREDICTED = Trust()


@dataclass(frozen=True, slots=True)
class Problem:
    """What there is to choose from, and within what.

    Attributes:
        units: The options of each unit, at least one.
        goal: The limits, and what is to be least.
        milliseconds: What all else in the graph takes.
        remaining_share: The share of the options' errors that is left of them in a recipe, about.
    """

    units: Mapping[str, Sequence[Option]]
    goal: Goal
    milliseconds: float
    remaining_share: float = 1.0

    def excess(self, choice: Choice, trust: Trust) -> float:
        """Say by how much a choice is expected to miss the limits."""
        errors = trust.worst * predicted(choice)
        spent = Usage(
            trust.mean * float(predicted(choice).mean()),
            float(errors.max()),
            self.milliseconds + sum(option.milliseconds for option in choice.values()),
            sum(option.megabytes for option in choice.values()),
        )
        beyond = np.maximum(errors / max(self.goal.worst_error, LEAST_ERROR) - 1, 0)  # (samples)
        excess = self.goal.excess(spent) + OTHERS_WEIGHT * float(beyond.mean())
        return excess if excess > NO_GAIN else 0.0

    def quick(self) -> Problem:
        """Return the problem without float options that take longer than others."""
        units = {
            name: [each for each in options if _is_quick(each, options)]
            for name, options in self.units.items()
        }
        return replace(self, units=units)

    def is_cheapest(self, choice: Choice) -> bool:
        """Say whether no unit could have cost less."""
        return all(
            choice[name].treatment == min(options, key=self.cost).treatment
            for name, options in self.units.items()
        )

    def cost(self, option: Option) -> float:
        """Return what of an option is to be least."""
        return self.goal.cost(option.milliseconds, option.megabytes)


def choose(problem: Problem, *, trust: Trust = AS_PREDICTED) -> Choice:
    """Choose an option for each unit.

    Args:
        problem: The options and limits.
        trust: In the predicted errors.

    Returns:
        The cheapest choice found within the goal; the nearest to it found where none is.
    """
    chosen = _exchanged(problem, trust)
    if problem.excess(chosen, trust) > 0 and math.isfinite(problem.goal.size_mb):
        from_smallest = _exchanged(replace(problem, goal=replace(problem.goal, prefer="size")), trust)
        chosen = min(chosen, from_smallest, key=lambda choice: problem.excess(choice, trust))
    return _given_back(chosen, problem, trust) if problem.excess(chosen, trust) == 0 else chosen


def predicted(choice: Choice) -> Errors:
    """Return the errors that a choice is expected to have, (samples)."""
    total: Errors = np.sum([option.errors for option in choice.values()], axis=0)
    return total


def _is_quick(option: Option, options: Sequence[Option]) -> bool:
    return option.treatment.form != FLOAT.name or option.milliseconds <= min(
        each.milliseconds for each in options
    )


def _exchanged(problem: Problem, trust: Trust) -> dict[str, Option]:
    """Return the cheapest options, exchanged one by one until the goal is met or no exchange comes nearer."""
    chosen = {name: min(options, key=problem.cost) for name, options in problem.units.items()}
    while problem.excess(chosen, trust) > 0:
        better = _best_exchange(chosen, problem, trust)
        if better is None:
            break
        name, option = better
        chosen[name] = option
    return chosen


def _best_exchange(chosen: Choice, problem: Problem, trust: Trust) -> tuple[str, Option] | None:
    now = problem.excess(chosen, trust)
    best, most = None, 0.0
    for name, options in problem.units.items():
        for option in options:
            gain = now - problem.excess({**chosen, name: option}, trust)
            price = max(problem.cost(option) - problem.cost(chosen[name]), LEAST_PRICE)
            if gain > NO_GAIN and gain / price > most:
                best, most = (name, option), gain / price
    return best


def _given_back(chosen: dict[str, Option], problem: Problem, trust: Trust) -> Choice:
    """Return cheaper options wherever the goal stays met, the largest saving first."""
    while True:
        savings = [
            (problem.cost(chosen[name]) - problem.cost(option), name, option)
            for name, options in problem.units.items()
            for option in options
            if problem.cost(option) < problem.cost(chosen[name])
            and problem.excess({**chosen, name: option}, trust) == 0
        ]
        if not savings:
            return chosen
        _, name, option = max(savings, key=lambda saving: saving[:2])
        chosen[name] = option
