"""The unit of an answer: how far each channel of an output varies over real inputs.

A channel is a place of an output's trailing fixed dims; the dims before them, such as batch and positions,
are pooled. An error in these units sees what a cosine does not: a length, an offset, one number, a small
channel next to a large one. 1 less its mean square is the coefficient of determination, R² (S. Wright,
"Correlation and Causation", Journal of Agricultural Research 20, 1921; scikit-learn's ``r2_score``, of
classes ``variance_weighted``, else ``uniform_average``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.output_kinds import NUMBERS, OutputKind, Outputs, kind_of
from edgeattn_runtime.graph import Tensor

SMALL_CHANNEL = 0.1  # of what a channel usually varies by: what varies less is measured by this
LEAST_SPREAD = 1e-5  # of the output's largest number: what float32 leaves of an offset
SPREAD_SAMPLES = 8  # at least, whose answers show how far channels vary
KNOWN_BY = 8  # answers, that show what an output holds
LOST = 1e6  # squared error, of a NaN or infinity where the original has a number

Array = NDArray[np.float64]
Dims = Sequence[int | str | None]


def channel_dims(dims: Dims) -> tuple[int, ...]:
    """Return the trailing fixed dims of an output, whose places are its channels."""
    fixed: list[int] = []
    for dim in reversed(dims):
        if not isinstance(dim, int):
            break
        fixed.insert(0, dim)
    return tuple(fixed)


def channel_count(dims: Dims) -> int:
    """Return how many channels an output of these dims has."""
    return math.prod(channel_dims(dims))


@dataclass(frozen=True, slots=True)
class Moments:
    """What numbers of an output come to, a channel at a time; those that are not finite are left out.

    Attributes:
        count: Numbers of each channel, (C,).
        mean: Of them, (C,).
        squares: Sum of the squared distances from the mean, (C,).
        largest: The largest magnitude of any number.
    """

    count: Array
    mean: Array
    squares: Array
    largest: float

    @classmethod
    def of(cls, answer: NDArray[np.generic], channels: int) -> Moments:
        """Return those of an answer, of any shape whose size is a multiple of ``channels``."""
        rows = np.asarray(answer, np.float64).reshape(-1, channels)
        finite = np.isfinite(rows)
        numbers = np.where(finite, rows, 0.0)
        count = finite.sum(axis=0).astype(np.float64)
        mean = numbers.sum(axis=0) / np.maximum(count, 1)
        squares = np.square(np.where(finite, numbers - mean, 0.0)).sum(axis=0)
        return cls(count, mean, squares, float(np.abs(numbers).max(initial=0.0)))

    def __add__(self, other: Moments) -> Moments:
        """Return those of both together (T. F. Chan, G. H. Golub and R. J. LeVeque, 1983)."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        apart = other.mean - self.mean
        squares = self.squares + other.squares + np.square(apart) * self.count * share
        return Moments(count, self.mean + apart * share, squares, max(self.largest, other.largest))

    @property
    def deviation(self) -> Array:
        """The standard deviation of each channel, (C,)."""
        deviation: Array = np.sqrt(self.squares / np.maximum(self.count, 1))
        return deviation

    def spread(self, kind: OutputKind) -> Spread:
        """Return the unit that they make: of classes one for all, as most of a vocabulary hardly varies."""
        units = self.channel_units(kind)
        if kind.are_classes and len(units):
            units = np.full_like(units, self._usual(kind) or 1.0)
        return Spread(self.mean, units, kind)

    def channel_units(self, kind: OutputKind) -> Array:
        """Return what each channel is measured by: its deviation, or the least that counts, (C,)."""
        least = max(SMALL_CHANNEL * self._usual(kind), LEAST_SPREAD * self.largest)
        units: Array = np.maximum(self.deviation, least or 1.0)
        return units

    def _usual(self, kind: OutputKind) -> float:
        """Return the root mean square of classes' deviations; of others, of any units, the lower median."""
        deviation = self.deviation
        if not len(deviation):
            return 0.0
        if kind.are_classes:
            return float(np.sqrt(np.square(deviation).mean()))
        return float(np.sort(deviation)[(len(deviation) - 1) // 2])


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an output's channels vary.

    Attributes:
        mean: Of each channel, (C,).
        deviation: What an error of each is divided by, above 0, (C,).
        kind: What the output holds; of logits, differences between classes are measured.
    """

    mean: Array
    deviation: Array
    kind: OutputKind = NUMBERS

    def compared(self, answer: NDArray[np.generic]) -> Array:
        """Return what is compared of an answer whose last axis holds all of it: (N, C) floats."""
        return compared(self.kind, answer, len(self.mean))

    def errors(self, expected: NDArray[np.generic], actual: NDArray[np.generic]) -> Array:
        """Return the squared error of each number, in units of its channel: (N, C), NaN where none counts.

        A NaN or infinity that both hold in one place does not count; one that only one of them holds is
        ``LOST``, beyond which no error counts.

        Args:
            expected: Any shape whose size is a multiple of the channels.
            actual: The same shape.
        """
        a, b = self.compared(expected), self.compared(actual)
        finite = np.isfinite(a) & np.isfinite(b)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore", over="ignore"):
            squared = np.minimum(np.square((a - b) / self.deviation), LOST)
        errors: Array = np.where(finite, squared, np.where(same, np.nan, LOST))
        return errors

    def error(self, expected: NDArray[np.generic], actual: NDArray[np.generic]) -> float:
        """Return the mean squared error over all numbers that count; 0 where none does."""
        errors = self.errors(expected, actual)
        counted = errors[~np.isnan(errors)]
        return float(counted.mean()) if counted.size else 0.0

    def distance(self, answer: NDArray[np.generic]) -> float:
        """Return the mean squared distance of an answer from the mean answer, in the same units."""
        return float(np.nan_to_num(np.square((self.compared(answer) - self.mean) / self.deviation)).mean())


def compared(kind: OutputKind, answer: NDArray[np.generic], channels: int) -> Array:
    """Return the numbers that are compared, (N, C): of logits, what each class is above their mean."""
    rows: Array = np.asarray(answer, np.float64).reshape(-1, channels)
    if not kind.is_relative:
        return rows
    finite = np.isfinite(rows)
    sums = np.where(finite, rows, 0.0).sum(axis=1, keepdims=True)
    differences: Array = rows - sums / np.maximum(finite.sum(axis=1, keepdims=True), 1)
    return differences


def moments_of(dims: Mapping[str, Dims], answers: Iterable[Outputs]) -> dict[str, Moments]:
    """Return what each output's numbers come to over answers.

    Args:
        dims: Of each output, or the last of them.
        answers: To any number of inputs; an output that has not these channels is left out.
    """
    places = {name: channel_dims(each) for name, each in dims.items()}
    totals = {name: Moments.of(np.zeros(0), math.prod(place)) for name, place in places.items()}
    for answer in answers:
        for name, place in places.items():
            if answer[name].shape[answer[name].ndim - len(place) :] == place:
                totals[name] += Moments.of(answer[name], math.prod(place))
    return totals


def spreads_of(outputs: Iterable[Tensor], answers: Iterable[Outputs]) -> dict[str, Spread]:
    """Return the spread of each output over answers to real inputs.

    Args:
        outputs: The contract's, of any dtype.
        answers: Of several inputs, at least one.
    """
    tensors, stream = tuple(outputs), iter(answers)
    first = list(islice(stream, KNOWN_BY))
    kinds = {tensor.name: kind_of(tensor, [answer[tensor.name] for answer in first]) for tensor in tensors}
    dims = {tensor.name: tensor.dims for tensor in tensors}

    def taken(answer: Outputs) -> Outputs:
        counts = {name: channel_count(each) for name, each in dims.items()}
        return {
            name: compared(kind, answer[name], counts[name]).reshape(answer[name].shape)
            for name, kind in kinds.items()
        }

    moments = moments_of(dims, map(taken, chain(first, stream)))
    return {name: each.spread(kinds[name]) for name, each in moments.items()}


def worst_error(spreads: Mapping[str, Spread], expected: Outputs, actual: Outputs) -> float:
    """Return the mean squared error of the output whose error is the largest; ``LOST`` where dims differ."""
    return max(
        spread.error(expected[name], actual[name]) if expected[name].shape == actual[name].shape else LOST
        for name, spread in spreads.items()
    )
