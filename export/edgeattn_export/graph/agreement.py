"""When two graphs' float outputs are the same: a tolerance relative to the output's own scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Outputs = Mapping[str, NDArray[np.generic]]


def disagreement(expected: Outputs, actual: Outputs, tolerance: float) -> str | None:
    """Say where ``actual`` differs from ``expected``, or return None where they agree.

    Args:
        expected: Outputs by name.
        actual: Outputs of the same names.
        tolerance: The largest difference allowed, as a share of the largest magnitude that the output holds.
    """
    for name, reference in expected.items():
        reason = _difference(np.asarray(reference), np.asarray(actual[name]), tolerance)
        if reason:
            return f"output {name!r} {reason}"
    return None


def _difference(expected: NDArray[np.generic], actual: NDArray[np.generic], tolerance: float) -> str | None:
    if expected.shape != actual.shape:
        return f"has dims {actual.shape}, {expected.shape} expected"
    a, b = expected.astype(np.float64), actual.astype(np.float64)
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(b[finite]).all():
        return "holds NaN or infinity in other places"
    scale = np.abs(a[finite]).max(initial=0.0)
    error = np.abs(a[finite] - b[finite]).max(initial=0.0)
    if error > tolerance * scale:
        return f"differs by {error / scale if scale else error:.1e} of its scale ({tolerance:.0e} allowed)"
    return None
