"""Numbers of float32 against the same computation in float64, in units of what float32 itself loses there.

The unit of an output is the largest error of a float32 computation that nobody doubts, such as PyTorch's, and
at least the last place of the output's root mean square. One machine loses what another does, so that a bound
in units holds on all of them. The root mean square, and not the largest value: one large value, as that of a
division by almost nothing, would widen the bound of all others and hide that the case is badly conditioned.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

LAST_PLACE = float(np.finfo(np.float32).eps)
UNITS = 10  # sums in another order, with another exp, erf or tanh, lose 1 at the median and 4.4 at most
NEEDED = 1e-4  # of the root mean square, the most that UNITS may come to: an export undoes rewrites beyond it

Arrays = Mapping[str, NDArray[np.generic]]


def assert_precise(actual: Arrays, single: Arrays, double: Arrays) -> None:
    """Assert that each output is as near to float64 as another float32 computation: see ``imprecise``."""
    reasons = imprecise(actual, single, double)
    assert not reasons, "\n".join(f"{name}: {reason}" for name, reason in reasons.items())


def imprecise(actual: Arrays, single: Arrays, double: Arrays) -> dict[str, str]:
    """Return by name why outputs fail: they lie beyond ``UNITS`` units, or the case is badly conditioned.

    A case is badly conditioned where its unit exceeds a ``UNITS``-th of what it needs, ``NEEDED``. It fails
    whatever the computation answers, for on another machine a right one could.

    Args:
        actual: Outputs of the computation that is tested.
        single: The same outputs by a trusted computation in float32.
        double: The same by float64.
    """
    assert actual.keys() == single.keys() == double.keys()
    reasons = {name: _reason(actual[name], single[name], double[name]) for name in double}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(
    actual: NDArray[np.generic], single: NDArray[np.generic], double: NDArray[np.generic]
) -> str | None:
    if not actual.shape == single.shape == double.shape:
        return f"has shape {actual.shape}, {double.shape} expected"
    if double.dtype.kind != "f":
        return None if np.array_equal(actual, double) else f"holds {actual}, {double} expected"
    finite = np.isfinite(double)
    if (
        not np.array_equal(actual[~finite], double[~finite], equal_nan=True)
        or not np.isfinite(actual[finite]).all()
    ):
        return "holds NaN or infinity in other places"
    spread = float(np.sqrt(np.mean(np.square(double[finite])))) if finite.any() else 0.0
    lost, lost_at = _largest(single, double, finite)
    unit = max(lost, LAST_PLACE * spread)
    if UNITS * unit > NEEDED * spread:
        return (
            f"is badly conditioned: float32 loses {lost:.1e} at {lost_at}, where a test may lose "
            f"{NEEDED / UNITS * spread:.1e}; keep divisors away from 0, and large terms from cancelling"
        )
    error, at = _largest(actual, double, finite)
    if error <= UNITS * unit:
        return None
    return f"differs by {error:.1e} at {at}; unit {unit:.1e}, bound {UNITS * unit:.1e}"


def _largest(
    found: NDArray[np.generic], expected: NDArray[np.generic], finite: NDArray[np.bool_]
) -> tuple[float, list[int]]:
    """Return the largest difference of what is finite, and where it is."""
    errors = np.zeros(expected.shape)
    np.subtract(found, expected, out=errors, where=finite, dtype=np.float64)
    errors = np.nan_to_num(np.abs(errors), nan=np.inf)
    if not errors.size:
        return 0.0, []
    at = np.unravel_index(int(errors.argmax()), errors.shape)
    return float(errors[at]), [int(place) for place in at]
