"""How alike two tensors are: the cosine, the largest difference, and the error in units of what varies.

All look at tensors of equal shape, in float64. A NaN or infinity that both hold in one place is left out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def cosine(a: ArrayLike, b: ArrayLike) -> float:
    """Return the cosine of the angle between two tensors of one shape, flattened.

    A model that answers wholly wrong must score low rather than crash a report, so the corners are fixed:
    two zero tensors score 1.0, one zero tensor 0.0, and a NaN or infinity that is not shared 0.0.
    """
    pair = _finite(a, b)
    if pair is None:
        return 0.0
    x, y = map(_unit, pair)
    if not x.any() or not y.any():
        return float(x.any() == y.any())
    return float(np.clip(x @ y, -1.0, 1.0))


def max_abs(a: ArrayLike, b: ArrayLike) -> float:
    """Return the largest absolute difference between two tensors: 0.0 when empty, inf for a NaN in one."""
    pair = _finite(a, b)
    if pair is None:
        return float("inf")
    with np.errstate(over="ignore"):  # two ends of float64's range are an infinity apart
        return float(np.abs(pair[0] - pair[1]).max(initial=0.0))


def standardized_error(a: ArrayLike, b: ArrayLike, spread: NDArray[np.float32]) -> float | None:
    """Return the root mean square of the differences in units of a spread above 0: 0.0 when empty.

    Every runtime comes to the same digits: the squares are summed one by one in their order. None is where no
    number says it: a NaN or infinity that is not shared, or differences beyond float64.
    """
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    pair, finite = _finite(x, y), np.isfinite(x) & np.isfinite(y)
    if pair is None:
        return None
    with np.errstate(over="ignore"):
        parts = (pair[0] - pair[1]) / spread[finite].astype(np.float64)
        total = float(np.cumsum(parts * parts)[-1]) if parts.size else 0.0
    return math.sqrt(total / max(parts.size, 1)) if math.isfinite(total) else None


def _finite(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the values of both that are finite, flat, or None where only one has a NaN or infinity."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.shape != y.shape:
        raise ValueError(f"a {x.shape} and a {y.shape} tensor compared; expected equal shapes")
    finite = np.isfinite(x) & np.isfinite(y)
    if not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return None
    return x[finite], y[finite]


def _unit(x: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.abs(x).max(initial=0.0)
    if largest == 0.0:
        return x
    x = x / largest  # first: the squares of very large or small values leave float64's range
    return x / np.linalg.norm(x)
