"""Tables of which a smaller one is a part of a larger one, such as relative positions made for a length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from edgeattn_export.capture.ways.formula import Formula, formula

# Where the smaller table begins in the larger: at its front, at its back, or in its middle.
_STARTS: tuple[Callable[[int, int], int], ...] = (
    lambda *_: 0,
    lambda large, small: large - small,
    lambda large, small: (large - small) // 2,
)


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of a table, from ``start`` to ``end`` along an axis, that it is at a size."""

    axis: int
    start: Formula
    end: Formula


def cut_of(tables: Mapping[int, Tensor]) -> tuple[Cut, ...] | None:
    """Return how the table at any size up to the largest is cut out of the largest table.

    Args:
        tables: By size.

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
) -> Iterator[Cut]:
    whole = tables[max(tables)]
    for axis, start in along:
        starts = {size: start(whole.shape[axis], table.shape[axis]) for size, table in tables.items()}
        ends = {size: starts[size] + table.shape[axis] for size, table in tables.items()}
        first, last = formula(starts), formula(ends)
        if first is not None and last is not None:
            yield Cut(axis, first, last)


def _piece(whole: Tensor, cuts: tuple[Cut, ...], size: int) -> Tensor:
    for cut in cuts:
        whole = whole.narrow(cut.axis, cut.start(size), cut.end(size) - cut.start(size))
    return whole
