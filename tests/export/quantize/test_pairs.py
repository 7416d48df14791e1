from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize import pairs
from edgeattn_export.quantize.affine import LARGEST
from edgeattn_export.quantize.pairs import LARGEST_SUM, bound, can_saturate, largest_sums, saturation_loss

FULL = 255  # the largest activation

Bytes = NDArray[np.int8]
sides = st.integers(1, 7)
large = st.one_of(st.integers(-LARGEST, LARGEST), st.sampled_from([-LARGEST, -64, -1, 1, 64, LARGEST]))


@st.composite
def products(draw: st.DrawFn) -> tuple[NDArray[np.uint8], Bytes]:
    rows, width, channels = draw(sides), draw(sides), draw(sides)
    activations = st.one_of(st.integers(0, FULL), st.sampled_from([0, 128, FULL]))
    x = draw(arrays(np.uint8, (rows, width), elements=activations))
    return x, draw(arrays(np.int8, (width, channels), elements=large))


weights = st.tuples(sides, sides).flatmap(lambda dims: arrays(np.int8, dims, elements=large))


def _by_hand(x: NDArray[np.uint8], weight: Bytes) -> tuple[NDArray[np.int64], int]:
    """Multiply as vpmaddubsw does, one pair at a time; return what is missing, and how often."""
    missing, count = np.zeros((len(x), weight.shape[1]), np.int64), 0
    for t, n in np.ndindex(missing.shape):
        for d in range(0, len(weight), 2):
            right = sum(int(x[t, i]) * int(weight[i, n]) for i in range(d, min(d + 2, len(weight))))
            saturated = max(-32768, min(32767, right))
            missing[t, n] += right - saturated
            count += right != saturated
    return missing, count


@given(products(), st.sampled_from([1, 5, pairs.SUMS_AT_ONCE]))
def test_what_is_lost_is_what_a_loop_loses(product: tuple[NDArray[np.uint8], Bytes], held: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "SUMS_AT_ONCE", held)  # however little is held at once
        missing, count = saturation_loss(*product)
    expected, expected_count = _by_hand(*product)
    np.testing.assert_array_equal(missing, expected)
    assert count == expected_count


def test_64_pairs_of_the_largest_keep_half() -> None:
    x, weight = np.full((1, 64), FULL, np.uint8), np.full((64, 1), LARGEST, np.int8)
    missing, count = saturation_loss(x, weight)
    right = FULL * LARGEST * 64
    assert (right, right - missing.item(), count) == (2072640, 1048544, 32)


def test_nothing_is_lost_of_no_rows() -> None:
    missing, count = saturation_loss(np.zeros((0, 4), np.uint8), np.full((4, 3), LARGEST, np.int8))
    assert (missing.shape, count) == ((0, 3), 0)


@given(weights)
def test_a_weight_can_saturate_where_the_largest_activations_do(weight: Bytes) -> None:
    largest = np.full((1, len(weight)), FULL, np.uint8)
    assert can_saturate(weight) == (saturation_loss(largest, weight)[1] > 0)


@given(weights)
def test_what_is_bound_cannot_saturate_and_moves_no_more_than_it_must(weight: Bytes) -> None:
    bounded = bound(weight)
    assert bounded.dtype == np.int8
    assert not can_saturate(bounded)
    wide = weight.astype(int)
    moved = np.abs(bounded.astype(int) - wide)
    padded, shifts = (np.pad(a, ((0, len(a) % 2), (0, 0))) for a in (wide, moved))
    excess = np.maximum(np.abs(padded[0::2] + padded[1::2]) - LARGEST_SUM, 0)
    np.testing.assert_array_equal(shifts[0::2] + shifts[1::2], excess)
    assert (np.abs(shifts[0::2] - shifts[1::2]) <= 1).all()  # shared alike: the nearest


def test_the_reach_is_a_number_or_a_sum() -> None:
    weight = np.array([[3, 3, -3, 1], [2, -2, -2, 0], [1, 1, 1, 4]], np.float32)
    np.testing.assert_array_equal(largest_sums(weight), [[5, 3, 5, 4]])
    huge = np.full((2, 1), np.finfo(np.float32).max, np.float32)
    assert np.isfinite(largest_sums(huge)).all()
