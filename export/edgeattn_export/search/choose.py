"""Choosing a treatment for each unit: the least total cost whose predicted errors stay within the goal.

A choice of one item from each class under two limits (a multiple-choice knapsack), solved greedily: from the
cheapest treatments, whatever lowers the error most for its cost is taken until the goal is met; then what
turned out to be too much is given back. Errors of layers add up: each moves the output a little, in
directions that have nothing to do with one another, so that the squared error is their sum, sample by sample.
Costs add up too.

Without limits on time and size, and with an option without error for each unit, a choice is always within
the goal. With such limits the greedy way may end outside where another choice is within: what is fast and
exact is large. Where the size is limited, a second way therefore begins with the smallest treatments, and
takes what lowers the error most for its megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.search.error_meter import Errors
from edgeattn_export.search.goal import LEAST_ERROR, Goal

LEAST_PRICE = 1e-9  # the least price of an exchange
NO_GAIN = 1e-9  # a gain, or an excess, that is none but the rounding of sums
OTHERS_WEIGHT = 1e-3  # what samples count that are beyond the limit but not the worst: two may be equally bad


@dataclass(frozen=True, slots=True)
class Option:
    """A treatment of a unit, and what is known of it.

    Attributes:
        treatment: For all of the unit's layers.
        errors: (samples) Squared, with only this unit treated.
        milliseconds: Of all of its layers together.
        megabytes: Of their weights.
    """

    treatment: Treatment
    errors: Errors
    milliseconds: float
    megabytes: float


Choice = Mapping[str, Option]  # by the unit's name


@dataclass(frozen=True, slots=True)
class Total:
    """What the options of a choice come to together; errors (samples) are squared, as predicted."""

    errors: Errors
    milliseconds: float
    megabytes: float

    def __add__(self, other: Total) -> Total:
        return Total(
            self.errors + other.errors,
            self.milliseconds + other.milliseconds,
            self.megabytes + other.megabytes,
        )

    def __sub__(self, other: Total) -> Total:
        return Total(
            self.errors - other.errors,
            self.milliseconds - other.milliseconds,
            self.megabytes - other.megabytes,
        )


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

    def excess(self, total: Total, trust: Trust) -> float:
        """Say by how much a choice is expected to miss the limits."""
        errors = trust.worst * total.errors
        mean, milliseconds = trust.mean * float(total.errors.mean()), self.milliseconds + total.milliseconds
        beyond = np.maximum(errors / max(self.goal.worst_error, LEAST_ERROR) - 1, 0)  # (samples)
        excess = self.goal.excess(mean, float(errors.max()), milliseconds, total.megabytes)
        excess += OTHERS_WEIGHT * float(beyond.mean())
        return excess if excess > NO_GAIN else 0.0

    def quick(self) -> Problem:
        """Return the problem without float options that take longer than others."""
        units = {}
        for name, options in self.units.items():
            least = min(each.milliseconds for each in options)
            units[name] = [
                each for each in options if each.treatment.form != FLOAT.name or each.milliseconds <= least
            ]
        return replace(self, units=units)

    def cheapest(self) -> dict[str, Option]:
        """Return the options that cost the least together."""
        return {name: min(options, key=self._own_cost) for name, options in self.units.items()}

    def is_cheapest(self, choice: Choice) -> bool:
        """Say whether no unit could have cost less."""
        return all(choice[name].treatment == option.treatment for name, option in self.cheapest().items())

    def _own_cost(self, option: Option) -> float:
        return self.goal.cost(option.milliseconds, option.megabytes)

    def cost(self, total: Total) -> float:
        """Return what of a choice is to be least."""
        return self.goal.cost(total.milliseconds, total.megabytes)


def choose(problem: Problem, *, trust: Trust = AS_PREDICTED) -> Choice:
    """Return the cheapest choice found within the goal; the nearest to it found where none is."""

    def excess(choice: Choice) -> float:
        return problem.excess(total_of(choice), trust)

    chosen = _exchanged(problem, trust)
    if excess(chosen) > 0 and math.isfinite(problem.goal.size_mb):
        from_smallest = _exchanged(replace(problem, goal=replace(problem.goal, prefer="size")), trust)
        chosen = min(chosen, from_smallest, key=excess)
    return _given_back(chosen, problem, trust) if excess(chosen) == 0 else chosen


def total_of(choice: Choice) -> Total:
    """Return what the options of a choice come to together."""
    return Total(
        np.sum([option.errors for option in choice.values()], axis=0),
        sum(option.milliseconds for option in choice.values()),
        sum(option.megabytes for option in choice.values()),
    )


def _exchanged(problem: Problem, trust: Trust) -> dict[str, Option]:
    """Return the cheapest options, exchanged one by one until the goal is met or no exchange comes nearer."""
    chosen = problem.cheapest()
    while problem.excess(total_of(chosen), trust) > 0:
        better = _best_exchange(chosen, problem, trust)
        if better is None:
            break
        chosen |= better
    return chosen


def _best_exchange(chosen: Choice, problem: Problem, trust: Trust) -> Choice | None:
    now = total_of(chosen)
    excess, paid = problem.excess(now, trust), problem.cost(now)
    best, most = None, 0.0
    for exchange, total in _exchanges(chosen, problem):
        gain = excess - problem.excess(total, trust)
        if gain > NO_GAIN:
            price = max(problem.cost(total) - paid, LEAST_PRICE)
            if gain / price > most:
                best, most = exchange, gain / price
    return best


def _given_back(chosen: dict[str, Option], problem: Problem, trust: Trust) -> Choice:
    """Return cheaper options wherever the goal stays met, the largest saving first."""
    while True:
        paid = problem.cost(total_of(chosen)) - NO_GAIN
        costs = ((problem.cost(total), exchange, total) for exchange, total in _exchanges(chosen, problem))
        cheaper = [each for each in costs if each[0] < paid]
        fitting = [each for each in cheaper if problem.excess(each[2], trust) == 0]
        if not fitting:
            return chosen
        chosen |= min(fitting, key=lambda each: each[0])[1]


def _exchanges(chosen: Choice, problem: Problem) -> Iterator[tuple[Choice, Total]]:
    """Yield another option of one unit, and what the choice comes to with it."""
    whole = total_of(chosen)
    for name, options in problem.units.items():
        others = whole - _part(chosen[name])
        for option in options:
            if option is not chosen[name]:
                yield {name: option}, others + _part(option)


def _part(option: Option) -> Total:
    """Return what an option adds to the others."""
    return Total(option.errors, option.milliseconds, option.megabytes)
