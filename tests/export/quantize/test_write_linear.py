from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeattn_export.quantize.affine import LARGEST, quantize_along
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.pairs import LARGEST_SUM
from edgeattn_export.quantize.statistics import Statistics

WEIGHT = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
PLAIN = Linear(WEIGHT, None, LARGEST)


@pytest.mark.parametrize("levels", [7, 64, LARGEST])
def test_without_techniques_it_is_rounded_to_the_nearest(levels: int) -> None:
    linear = Linear(WEIGHT, None, levels)
    stored, scale = quantize_along(WEIGHT, axis=0, levels=levels)
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


def test_no_two_neighbors_of_a_paired_layer_exceed_what_fits() -> None:
    linear = Linear(np.ones((6, 4), np.float32), None, LARGEST)
    assert (linear.rounded == LARGEST).all()
    stored = replace(linear, paired=True).rounded.astype(int)
    assert (stored[0::2] + stored[1::2] == LARGEST_SUM).all()


def test_a_divided_input_is_seen_divided() -> None:
    divisor = np.array([1, 2, 4, 8, 16, 32], np.float32)
    ones = np.ones(6, np.float32)
    statistics = Statistics(3, -ones, ones, ones, None)
    np.testing.assert_array_equal(PLAIN.seen(statistics).mean, ones)
    np.testing.assert_array_equal(replace(PLAIN, divisor=divisor).seen(statistics).mean, 1 / divisor)


def test_channels_apart_are_not_seen() -> None:
    x = np.random.default_rng(1).standard_normal((5, 6)).astype(np.float32)
    apart = replace(PLAIN, apart=np.array([1, 4]), divisor=np.full(6, 2, np.float32))
    seen = apart.seen(Statistics(5, x.min(0), x.max(0), x.mean(0), x.T @ x))
    left = x / 2
    left[:, [1, 4]] = 0
    np.testing.assert_array_equal(seen.largest, np.abs(left).max(0))
    np.testing.assert_allclose(seen.mean, left.mean(0), rtol=1e-5)
    assert seen.gram is not None
    np.testing.assert_allclose(seen.gram, left.T @ left, rtol=1e-4, atol=1e-6)
