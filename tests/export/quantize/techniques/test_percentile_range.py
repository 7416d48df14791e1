from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.layers.histogram import FINE, Distribution, Histogram
from edgeattn_export.quantize.techniques.percentile_range import percentile

Floats = NDArray[np.float32]

tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda dims: arrays(np.float32, dims, elements=st.floats(-100, 100, width=32))
)


def _of(x: Floats) -> Distribution:
    return Distribution.of(Histogram.of(x), float(x.min()), float(x.max()))


@given(tables, st.floats(0.05, 1))
def test_no_more_numbers_than_asked_lie_beyond_either_end(x: Floats, share: float) -> None:
    widest = Histogram.of(x).widths.max()
    low, high = percentile(_of(x), share, 255)
    outside = (1 - share) / 2 * x.size + 1e-6
    assert (x < low - widest).sum() <= outside
    assert (x > high + widest).sum() <= outside
    assert low <= 0 <= high


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.999])
def test_the_ends_are_the_quantiles_of_all_numbers(share: float) -> None:
    x = np.random.default_rng(0).standard_normal((5000, 8)).astype(np.float32)
    tolerance = Histogram.of(x).widths.max() + (x.max() - x.min()) / FINE
    np.testing.assert_allclose(
        percentile(_of(x), share, 255), np.quantile(x, [(1 - share) / 2, (1 + share) / 2]), atol=tolerance
    )


@given(tables)
def test_all_of_it_is_the_whole_range(x: Floats) -> None:
    np.testing.assert_allclose(percentile(_of(x), 1.0, 255), (min(x.min(), 0), max(x.max(), 0)), rtol=1e-3)
