from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.histogram import FINE, Distribution, Histogram

ROUNDING = 1e-6  # of a number of numbers

Floats = NDArray[np.float32]

tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda dims: arrays(np.float32, dims, elements=st.floats(-100, 100, width=32))
)


@given(tables)
def test_no_number_is_counted_farther_away_than_its_bin_is_wide(x: Floats) -> None:
    histogram = Histogram.of(x)
    found = Distribution.of(histogram, float(x.min()), float(x.max()))
    below = np.concatenate([[0], np.cumsum(found.counts)])
    widths = np.maximum(histogram.widths, (found.high - found.low) / FINE)  # (D)
    for edge, count in zip(found.edges[1:-1:97], below[1:-1:97], strict=True):
        assert (x <= edge - widths).sum() - ROUNDING <= count <= (x < edge + widths).sum() + ROUNDING


@given(tables)
def test_it_holds_all_numbers_and_0(x: Floats) -> None:
    found = Distribution.of(Histogram.of(x), float(x.min()), float(x.max()))
    assert found.counts.shape == (FINE,)
    assert (found.counts >= 0).all()
    np.testing.assert_allclose(found.counts.sum(), x.size)
    assert found.low == min(x.min(), 0)
    assert found.high == max(x.max(), 0)


def test_what_was_divided_away_counts_as_zeros() -> None:
    x = np.array([[900, -1], [-900, 3]], np.float32)
    histogram = Histogram.of(x).divided(np.array([np.inf, 1], np.float32))
    found = Distribution.of(histogram, -1, 3)
    zero = np.searchsorted(found.edges, 0)
    assert found.counts[zero - 1 : zero + 1].sum() >= 2
    assert found.counts.sum() == 4


def test_a_value_of_zeros_reaches_nowhere() -> None:
    found = Distribution.of(Histogram.of(np.zeros((5, 2), np.float32)), 0.0, 0.0)
    assert (found.low, found.high, found.counts.sum()) == (0, 0, 10)
