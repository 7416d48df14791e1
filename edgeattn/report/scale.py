"""The scale of a model's outputs, told where the largest difference is no small part of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

NOTABLE = 0.01  # of the scale


def scale_note(largest_difference: float, outputs: Iterable[NDArray[np.generic]]) -> tuple[str, ...]:
    """Return a note on how far outputs reach, at most one.

    Args:
        largest_difference: Of any number, int8 to the original.
        outputs: Arrays as the original answered them.
    """
    reach = max((_reach(output) for output in outputs), default=0.0)
    if largest_difference < NOTABLE * reach:
        return ()
    return (f"Outputs reach {reach:.2g} in the golden samples: the scale of the largest difference.",)


def _reach(output: NDArray[np.generic]) -> float:
    numbers = np.asarray(output, np.float64)
    return float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0))
