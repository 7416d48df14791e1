from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.layers.histogram import BINS, FINE, HALF, Distribution, Histogram

Floats = NDArray[np.float32]

numbers = st.one_of(
    st.floats(-100, 100, width=32), st.floats(allow_nan=False, allow_infinity=False, width=32)
)
tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda dims: arrays(np.float32, dims, elements=numbers)
)


def _plain(x: Floats, width: float) -> NDArray[np.int64]:
    """Return how many of (T) numbers lie in each bin, counted from 0 outward one by one."""
    counts = np.zeros(BINS, np.int64)
    for number in x.astype(np.float64):
        place = int(abs(number) / width)
        counts[HALF - 1 - place if number < 0 else HALF + place] += 1
    return counts


@given(tables)
def test_each_number_is_counted_in_its_bin(x: Floats) -> None:
    found = Histogram.of(x)
    assert found.counts.shape == (x.shape[1], BINS)
    for channel, counts in enumerate(found.counts):
        np.testing.assert_array_equal(counts, _plain(x[:, channel], found.widths[channel]))


@given(tables)
def test_no_bin_is_wider_than_it_must_be(x: Floats) -> None:
    widths, largest = Histogram.of(x).widths, np.abs(x).max(0).astype(np.float64)
    assert (largest < widths * HALF).all()
    assert ((largest >= widths * HALF / 2) | (widths == 2.0**-126)).all()


@given(tables, st.data())
def test_parts_joined_are_bin_by_bin_the_whole(x: Floats, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(x)), max_size=4)))
    first, *others = (Histogram.of(part) for part in np.split(x, cuts))
    for other in others:
        first = first.joined(other)
    whole = Histogram.of(x)
    np.testing.assert_array_equal(first.counts, whole.counts)
    np.testing.assert_array_equal(first.widths, whole.widths)


@given(tables, st.data())
def test_dividing_moves_the_bins_and_no_number(x: Floats, data: st.DataObject) -> None:
    divisor = data.draw(arrays(np.float32, x.shape[1], elements=st.floats(0.125, 8, width=32)))
    whole = Histogram.of(x)
    divided = whole.divided(divisor)
    np.testing.assert_array_equal(divided.counts, whole.counts)
    np.testing.assert_allclose(divided.centers, whole.centers / divisor[:, None], rtol=1e-12)


@given(tables, st.data())
def test_taken_channels_are_those_of_the_taken_value(x: Floats, data: st.DataObject) -> None:
    channels = np.array(data.draw(st.lists(st.integers(0, x.shape[1] - 1), min_size=1, max_size=6)))
    found, expected = Histogram.of(x).taken(channels), Histogram.of(x[:, channels])
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.widths, expected.widths)


ROUNDING = 1e-6  # of a number of numbers


bounded_tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda dims: arrays(np.float32, dims, elements=st.floats(-100, 100, width=32))
)


@given(bounded_tables)
def test_no_number_is_counted_farther_away_than_its_bin_is_wide(x: Floats) -> None:
    histogram = Histogram.of(x)
    found = Distribution.of(histogram, float(x.min()), float(x.max()))
    below = np.concatenate([[0], np.cumsum(found.counts)])
    widths = np.maximum(histogram.widths, (found.high - found.low) / FINE)  # (D)
    for edge, count in zip(found.edges[1:-1:97], below[1:-1:97], strict=True):
        assert (x <= edge - widths).sum() - ROUNDING <= count <= (x < edge + widths).sum() + ROUNDING


@given(bounded_tables)
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
