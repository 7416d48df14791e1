from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.affine import LARGEST, dequantize
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.pairs import LARGEST_SUM, bound, can_saturate
from edgeattn_export.quantize.statistics import Statistics
from edgeattn_export.quantize.techniques.clipping import clip
from edgeattn_export.quantize.techniques.pairing import pair
from edgeattn_export.quantize.techniques.rounding import round_by_output

NOTHING = np.zeros(1, np.float32)
UNSEEN = Statistics(1, NOTHING, NOTHING, NOTHING, None)  # pairing looks at the weights alone
MORE = 1.35  # times the error at most, where weights are normally distributed
SEVEN_BITS = 0.7  # of the error of 7 bits, at most

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]

weights = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-1e3, 1e3, width=32),
)


def _normal(rows: int, columns: int) -> Floats:
    return np.random.default_rng(0).standard_normal((rows, columns)).astype(np.float32)


def _error(linear: Linear) -> float:
    return float(np.linalg.norm(dequantize(linear.rounded, linear.steps) - linear.weight))


@given(weights, st.floats(0.01, 1))
def test_no_layer_can_saturate(weight: Floats, share: float) -> None:
    assert not can_saturate(pair(Linear(weight, None, LARGEST), UNSEEN, share).rounded)


@given(weights)
def test_nothing_is_cut_where_all_fits(weight: Floats) -> None:
    paired = pair(Linear(weight, None, LARGEST), UNSEEN, 1.0)
    nearest = replace(paired, paired=False).rounded
    np.testing.assert_array_equal(bound(nearest), nearest)


def test_it_costs_far_less_than_7_bits() -> None:
    weight = _normal(512, 64)
    plain, seven = Linear(weight, None, LARGEST), Linear(weight, None, LARGEST_SUM // 2)
    paired = pair(plain, UNSEEN, 1.0)
    assert can_saturate(plain.rounded)
    assert _error(plain) < _error(paired) < MORE * _error(plain)
    assert _error(paired) < SEVEN_BITS * _error(seven)


def test_a_channel_without_large_neighbors_keeps_its_scale() -> None:
    weight = np.array([[3, 3], [-3, 3], [1, 1]], np.float32)
    plain = Linear(weight, None, LARGEST)
    paired = pair(plain, UNSEEN, 1.0)
    np.testing.assert_allclose(paired.steps / plain.steps, [[1, 2]], rtol=1e-6)
    assert paired.weight is weight


def test_a_clipped_scale_grows_no_more_than_it_must() -> None:
    clipped = clip(Linear(_normal(512, 16), None, LARGEST), UNSEEN, 0.5)
    paired = pair(clipped, UNSEEN, 0.8)
    assert (paired.steps >= clipped.steps).all()
    assert not can_saturate(paired.rounded)


def test_rounding_by_output_stays_within_its_bounds(known: Known) -> None:
    x = _normal(300, 96) + _normal(300, 1)
    paired = pair(Linear(_normal(96, 32), None, LARGEST), UNSEEN, 1.0)
    rounded = round_by_output(paired, known(x), 0.01)
    assert not can_saturate(rounded.settled().rounded)
    np.testing.assert_array_equal(rounded.steps, paired.steps)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    weight = np.ones((4, 2), np.float32)
    weight[1, 1] = value
    with pytest.raises(ValueError, match=r"^holds a NaN or an infinity$"):
        pair(Linear(weight, None, LARGEST), UNSEEN, 1.0)
