from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.affine import step_and_zero
from edgeattn_export.quantize.layers.histogram import FINE, Distribution, Histogram
from edgeattn_export.quantize.techniques.least_error_range import least_error

STEPS = 255
NEAR = 1.02  # times the error of the best range: a bin of the histogram is wider than a step

Floats = NDArray[np.float32]
GENERATOR = np.random.default_rng(0)


def _of(x: Floats) -> Distribution:
    return Distribution.of(Histogram.of(x), float(x.min()), float(x.max()))


def _error(x: Floats, low: float, high: float, steps: int = STEPS) -> float:
    """Return the mean squared error of numbers that are rounded in steps of a range."""
    step, zero = step_and_zero(low, high, steps)
    stored = np.clip(np.rint(x / step) + np.float32(zero), 0, steps)
    return float(np.square((stored - np.float32(zero)) * step - x).mean())


@pytest.mark.parametrize(
    "drawn",
    [
        lambda dims: GENERATOR.standard_normal(dims),
        lambda dims: GENERATOR.standard_t(3, dims),
        lambda dims: np.abs(GENERATOR.laplace(size=dims)),
        lambda dims: GENERATOR.uniform(-1, 3, dims),
    ],
    ids=["normal", "heavy tails", "one side", "flat"],
)
def test_no_range_of_a_plain_search_is_better(drawn: Callable[[tuple[int, int]], Floats]) -> None:
    x = (drawn((2000, 16)) * np.exp(GENERATOR.standard_normal(16))).astype(np.float32)
    shares = np.linspace(0.05, 1, 24)
    tried = (_error(x, x.min() * low, x.max() * high) for low in shares for high in shares)
    assert _error(x, *least_error(_of(x), 0.05, STEPS)) <= NEAR * min(tried)


def test_more_steps_cut_off_less() -> None:
    x = GENERATOR.standard_t(3, (4000, 4)).astype(np.float32)
    eight, sixteen = (least_error(_of(x), 0.05, steps) for steps in (255, 65535))
    assert sixteen[0] < eight[0]
    assert eight[1] < sixteen[1]
    assert _error(x, *sixteen, 65535) < _error(x, *eight, 65535)


def test_nothing_is_tried_below_the_smallest_share() -> None:
    counts = np.zeros(FINE)
    counts[[0, FINE * 2 // 3, -1]] = 1, 1e9, 1
    distribution = Distribution(counts, -100, 50)
    assert least_error(distribution, 0.5, STEPS) == pytest.approx((-50, 25))
    assert least_error(distribution, 1.0, STEPS) == (-100, 50)


def test_a_value_of_zeros_has_no_range() -> None:
    assert least_error(_of(np.zeros((5, 2), np.float32)), 0.1, STEPS) == (0, 0)
