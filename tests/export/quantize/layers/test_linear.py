from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import INT8, LARGEST, Grid
from edgeattn_export.quantize.arithmetic.pairs import LARGEST_SUM, bound
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.clipping import clip
from edgeattn_export.quantize.techniques.rounding import round_by_output

NOTHING = np.zeros(1, np.float32)
UNSEEN = Statistics(1, NOTHING, NOTHING, NOTHING, None)  # clipping looks at the weights alone
MORE = 1.35  # times the error at most, where weights are normally distributed
SEVEN_BITS = 0.7  # of the error of 7 bits, at most

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]

WEIGHT = np.random.default_rng(drawn_seed(0)).standard_normal((6, 4)).astype(np.float32)
PLAIN = Linear(WEIGHT, None)

weights = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-1e3, 1e3, width=32),
)


def _normal(rows: int, columns: int) -> Floats:
    return np.random.default_rng(0).standard_normal((rows, columns)).astype(np.float32)


def _error(linear: Linear) -> float:
    return float(np.linalg.norm(linear.dequantized - linear.weight))


@pytest.mark.parametrize("levels", [7, 64, LARGEST])
def test_without_techniques_it_is_rounded_to_the_nearest(levels: int) -> None:
    linear = Linear(WEIGHT, None, Grid(-levels, levels))
    stored, scale = Grid(-levels, levels).quantize(WEIGHT)
    np.testing.assert_array_equal(linear.rounded, stored, strict=True)
    np.testing.assert_array_equal(linear.steps, scale, strict=True)
    assert np.abs(stored).max() == levels


def test_a_chosen_scale_counts_and_clips() -> None:
    scale = PLAIN.steps / 2
    linear = replace(PLAIN, scale=scale)
    expected = np.clip(np.rint(WEIGHT / scale), -LARGEST, LARGEST)
    np.testing.assert_array_equal(linear.rounded, expected)
    np.testing.assert_array_equal(linear.steps, scale)


def test_what_is_settled_stays() -> None:
    settled = PLAIN.settled()
    np.testing.assert_array_equal(settled.stored, PLAIN.rounded)
    np.testing.assert_array_equal(settled.scale, PLAIN.steps)
    moved = replace(settled, weight=2 * WEIGHT).settled()  # as bias correction leaves it, whatever comes
    np.testing.assert_array_equal(moved.stored, PLAIN.rounded)


def test_a_divided_input_is_seen_divided() -> None:
    divisor = np.array([1, 2, 4, 8, 16, 32], np.float32)
    ones = np.ones(6, np.float32)
    statistics = Statistics(3, -ones, ones, ones, None)
    np.testing.assert_array_equal(PLAIN.input_statistics(statistics).mean, ones)
    np.testing.assert_array_equal(
        replace(PLAIN, divisor=divisor).input_statistics(statistics).mean, 1 / divisor
    )


def test_outlier_channels_are_not_seen() -> None:
    x = np.random.default_rng(drawn_seed(1)).standard_normal((5, 6)).astype(np.float32)
    split = replace(PLAIN, outliers=np.array([1, 4]), divisor=np.full(6, 2, np.float32))
    seen = split.input_statistics(Statistics(5, x.min(0), x.max(0), x.mean(0), x.T @ x))
    left = x / 2
    left[:, [1, 4]] = 0
    np.testing.assert_array_equal(seen.largest, np.abs(left).max(0))
    np.testing.assert_allclose(seen.mean, left.mean(0), rtol=1e-5)
    np.testing.assert_allclose(seen.gram, left.T @ left, rtol=1e-4, atol=1e-6)


def test_the_range_is_that_of_the_smoothed_input(known: Known) -> None:
    x = np.array([[8, 1], [-4, 1]], np.float32)
    linear = Linear(np.ones((2, 2), np.float32), None, divisor=np.array([4, 0.5], np.float32))
    assert linear.reaching(known(x)).reach == (-1, 2)
    assert replace(linear, outliers=np.array([1])).reaching(known(x)).reach == (-1, 2)


@given(weights, st.floats(0.01, 1))
def test_no_paired_layer_can_saturate_whatever_its_scale(weight: Floats, share: float) -> None:
    paired = Linear(weight, None, paired=True)
    np.testing.assert_array_equal(bound(paired.rounded), paired.rounded)
    clipped = replace(paired, scale=paired.steps * np.float32(share)).rounded
    np.testing.assert_array_equal(bound(clipped), clipped)


@given(weights)
def test_nothing_of_a_paired_layer_is_cut(weight: Floats) -> None:
    paired = Linear(weight, None, paired=True)
    nearest = replace(paired, paired=False, scale=paired.steps).rounded
    np.testing.assert_array_equal(bound(nearest), nearest)


def test_no_two_neighbors_of_a_paired_layer_exceed_what_fits() -> None:
    stored = np.full((6, 4), LARGEST, np.int8)
    bounded = replace(PLAIN, paired=True, scale=PLAIN.steps, stored=stored).rounded.astype(int)
    assert (bounded[0::2] + bounded[1::2] == LARGEST_SUM).all()


def test_a_paired_layer_costs_far_less_than_7_bits() -> None:
    weight = _normal(512, 64)
    plain, seven = Linear(weight, None), Linear(weight, None, Grid(-(LARGEST_SUM // 2), LARGEST_SUM // 2))
    paired = replace(plain, paired=True)
    assert (bound(plain.rounded) != plain.rounded).any()
    assert _error(plain) < _error(paired) < MORE * _error(plain)
    assert _error(paired) < SEVEN_BITS * _error(seven)


def test_a_channel_without_large_neighbors_keeps_its_scale() -> None:
    plain = Linear(np.array([[3, 3], [-3, 3], [1, 1]], np.float32), None)
    np.testing.assert_allclose(replace(plain, paired=True).steps / plain.steps, [[1, 2]], rtol=1e-6)


def test_a_clipped_scale_grows_no_more_than_it_must() -> None:
    plain = Linear(_normal(512, 16), None)
    clipped, paired = clip(plain, UNSEEN, 0.5), clip(replace(plain, paired=True), UNSEEN, 0.5)
    room = replace(plain, paired=True).steps
    grown = room > plain.steps
    np.testing.assert_array_equal(paired.steps[grown], room[grown])
    np.testing.assert_array_equal(paired.steps[~grown], np.maximum(clipped.steps, room)[~grown])


def test_rounding_by_output_stays_within_its_bounds(known: Known) -> None:
    x = _normal(300, 96) + _normal(300, 1)
    paired = Linear(_normal(96, 32), None, paired=True)
    rounded = round_by_output(paired, known(x), 0.01)
    stored = rounded.settled().rounded
    np.testing.assert_array_equal(bound(stored), stored)
    np.testing.assert_array_equal(rounded.steps, paired.steps)


def test_the_steps_of_a_settled_layer_stay_when_its_columns_are_divided() -> None:
    settled = Linear(WEIGHT, None, paired=True).settled()
    whole = np.array([3, 7, 0.3, 11], np.float32)
    divided = replace(settled, weight=WEIGHT / whole, scale=settled.steps / whole)
    np.testing.assert_array_equal(divided.steps, settled.steps / whole)
    np.testing.assert_array_equal(divided.rounded, settled.rounded)


@pytest.mark.parametrize("grid", [INT8, Grid.whole(4, 2)], ids=str)
def test_as_a_float_layer_it_answers_as_its_parts(grid: Grid) -> None:
    x, divisor = _normal(5, 6), np.exp(_normal(1, 8)[0])
    copies, outliers = np.array([4, 1]), np.array([2])
    weight = _normal(8, 4)
    linear = Linear(
        weight, None, grid, divisor=divisor, copies=copies, outliers=outliers, outlier_weight=_normal(1, 4)
    ).settled()
    inside = np.concatenate([x, x[:, copies]], axis=1) / divisor
    inside[:, outliers] = 0
    right = inside @ linear.dequantized + x[:, outliers] @ linear.outlier_weight
    np.testing.assert_allclose(x @ linear.as_float().weight, right, rtol=1e-4, atol=1e-5)
