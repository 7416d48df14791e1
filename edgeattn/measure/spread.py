"""A few real samples that stand for all of them."""

from __future__ import annotations

from collections.abc import Iterable

from edgeattn.measure.runners import Arrays


def spread(inputs: Iterable[Arrays], count: int) -> list[Arrays]:
    """Pick samples evenly from the smallest to the largest, both included; a single one is the middle.

    Args:
        inputs: Samples, at least one.
        count: How many to return where there are as many; at least 1.
    """
    ordered = sorted(inputs, key=lambda arrays: sum(array.size for array in arrays.values()))
    last, gaps = len(ordered) - 1, min(count, len(ordered)) - 1
    if gaps == 0:
        return [ordered[last // 2]]
    return [ordered[round(i * last / gaps)] for i in range(gaps + 1)]
