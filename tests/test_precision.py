from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from precision import LAST_PLACE, NEEDED, UNITS, assert_precise, imprecise

Floats = NDArray[np.float64]
X = np.random.default_rng(0).uniform(1, 2, (4, 5))


def _reason(actual: Floats, single: Floats, double: Floats) -> str | None:
    found = imprecise({"y": actual}, {"y": single}, {"y": double})
    return found.get("y")


def _moved(by: float) -> Floats:
    moved = X.copy()
    moved[1, 3] += by
    return moved


def _spread() -> float:
    return float(np.sqrt(np.mean(X**2)))


@pytest.mark.parametrize("lost", [0.0, 5 * LAST_PLACE])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_bound_is_some_units(lost: float, sign: int) -> None:
    unit = max(lost, LAST_PLACE) * _spread()
    single = _moved(lost * _spread())
    assert _reason(_moved(sign * 0.99 * UNITS * unit), single, X) is None
    reason = _reason(_moved(sign * 1.01 * UNITS * unit), single, X)
    assert (
        reason == f"differs by {1.01 * UNITS * unit:.1e} at [1, 3]; unit {unit:.1e}, bound {UNITS * unit:.1e}"
    )


@pytest.mark.parametrize("actual", [X, _moved(1)])
def test_a_badly_conditioned_case_fails_whatever_is_answered(actual: Floats) -> None:
    most = NEEDED / UNITS * _spread()
    reason = _reason(actual, _moved(1.01 * most), X)
    assert reason is not None
    assert reason.startswith(f"is badly conditioned: float32 loses {1.01 * most:.1e} at [1, 3], ")
    assert _reason(X, _moved(0.99 * most), X) is None


@pytest.mark.parametrize(("divisor", "well"), [(0.5, True), (1e-3, False)])
def test_divisors_near_zero_are_badly_conditioned(divisor: float, well: bool) -> None:
    terms = np.random.default_rng(0).uniform(1, 2, (64, 4)).astype(np.float32)
    against = (terms.sum(1, dtype=np.float64) - np.geomspace(divisor, 1, 64)).astype(np.float32)
    single, double = (
        1 / (terms.astype(dtype).cumsum(1)[:, -1] - against.astype(dtype)) * [1.0]
        for dtype in (np.float32, np.float64)
    )
    reason = _reason(single, single, double)
    assert (reason is None) == well


def test_a_failure_names_the_output() -> None:
    with pytest.raises(AssertionError, match=re.escape("part.output: differs by 1.0e+00 at [1, 3]; unit 1.")):
        assert_precise(
            {"a": X, "part.output": _moved(1)}, {"a": X, "part.output": X}, {"a": X, "part.output": X}
        )
    with pytest.raises(AssertionError):
        assert_precise({"a": X}, {"a": X, "b": X}, {"a": X, "b": X})


@pytest.mark.parametrize(
    ("actual", "double"),
    [
        (X[:1], X),
        (_moved(np.nan), X),
        (_moved(np.inf), X),
        (X, _moved(np.nan)),
        (_moved(np.inf), _moved(-np.inf)),
        (np.arange(3), np.arange(3)[::-1]),
    ],
)
def test_shapes_integers_and_what_is_not_finite_are_the_same(actual: Floats, double: Floats) -> None:
    assert _reason(actual, double, double) is not None
    assert _reason(double, double, double) is None
