"""What follows a size: numbers by a formula, and tables of which a smaller one is a part of a larger one.

A number is times * ((size + shift) // divisor) + plus, found from two or three sizes. A table, such as one of
relative positions made for a length, is cut out of the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

LARGEST_DIVISOR = 64  # such as a stride, or the side of a window
# Where the smaller table begins in the larger: at its front, at its back, or in its middle.
_STARTS: tuple[Callable[[int, int], int], ...] = (
    lambda *_: 0,
    lambda large, small: large - small,
    lambda large, small: (large - small) // 2,
)


@dataclass(frozen=True, slots=True)
class SizeFormula:
    """times * ((size + shift) // divisor) + plus: twice a size, a half rounded down or up, one less."""

    times: int
    shift: int
    divisor: int
    plus: int

    def __call__(self, size: int) -> int:
        """Return the number at a size."""
        return self.times * ((size + self.shift) // self.divisor) + self.plus


def size_formula(numbers: Mapping[int, int]) -> SizeFormula | None:
    """Return the simplest formula that gives the numbers of two sizes or more; None where there is none."""
    fitting = (f for f in _candidates(numbers) if all(f(size) == number for size, number in numbers.items()))
    return next(fitting, None)


def _candidates(numbers: Mapping[int, int]) -> Iterator[SizeFormula]:
    first, last = min(numbers), max(numbers)
    rise = numbers[last] - numbers[first]
    for divisor in range(1, LARGEST_DIVISOR + 1):
        for shift in dict.fromkeys((0, divisor - 1)):  # rounded down, or up
            steps = (last + shift) // divisor - (first + shift) // divisor
            if steps and rise % steps == 0:
                times = rise // steps
                plus = numbers[first] - times * ((first + shift) // divisor)
                yield SizeFormula(times, shift, divisor, plus)


@dataclass(frozen=True, slots=True)
class TableSlice:
    """The part of a table, from ``start`` to ``end`` along an axis, that it is at a size."""

    axis: int
    start: SizeFormula
    end: SizeFormula


def table_slices(tables: Mapping[int, Tensor]) -> tuple[TableSlice, ...] | None:
    """Return how the table at any size up to the largest is cut out of the largest table.

    Returns:
        A cut for each axis that differs; None where a smaller table is no such part.
    """
    whole = tables[max(tables)]
    if len({(table.ndim, table.dtype) for table in tables.values()}) > 1:
        return None
    axes = [i for i in range(whole.ndim) if len({table.shape[i] for table in tables.values()}) > 1]
    for starts in product(_STARTS, repeat=len(axes)):
        cuts = tuple(_cuts(tables, zip(axes, starts, strict=True)))
        if len(cuts) == len(axes) > 0 and all(
            torch.equal(_piece(whole, cuts, size), table) for size, table in tables.items()
        ):
            return cuts
    return None


def _cuts(
    tables: Mapping[int, Tensor], along: Iterator[tuple[int, Callable[[int, int], int]]]
) -> Iterator[TableSlice]:
    whole = tables[max(tables)]
    for axis, start in along:
        starts = {size: start(whole.shape[axis], table.shape[axis]) for size, table in tables.items()}
        ends = {size: starts[size] + table.shape[axis] for size, table in tables.items()}
        first, last = size_formula(starts), size_formula(ends)
        if first is not None and last is not None:
            yield TableSlice(axis, first, last)


def _piece(whole: Tensor, cuts: tuple[TableSlice, ...], size: int) -> Tensor:
    for cut in cuts:
        whole = whole.narrow(cut.axis, cut.start(size), cut.end(size) - cut.start(size))
    return whole
