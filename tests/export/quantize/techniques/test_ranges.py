"""The techniques that choose a fixed range of the input, one for each observer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.affine import step_and_zero
from edgeattn_export.quantize.layers.histogram import FINE, Distribution, Histogram
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.quantize.techniques.entropy_range import GRID, LEAST_PROBABILITY, least_divergence
from edgeattn_export.quantize.techniques.least_error_range import least_error
from edgeattn_export.quantize.techniques.percentile_range import percentile

GENERATOR = np.random.default_rng(0)
X = GENERATOR.standard_t(3, (500, 8)).astype(np.float32)
PLAIN = Linear(GENERATOR.standard_normal((8, 4)).astype(np.float32), None)
OBSERVERS = {
    "percentile range": (percentile, 0.99),
    "least-error range": (least_error, 0.1),
    "entropy range": (least_divergence, 0.1),
}
STEPS = 255
NEAR = 1.02  # times the error of the best range: a bin of the histogram is wider than a step

Floats = NDArray[np.float32]
Known = Callable[[np.ndarray], Statistics]
tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda dims: arrays(np.float32, dims, elements=st.floats(-100, 100, width=32))
)

every = pytest.mark.parametrize(("name", "number"), [(name, each) for name, (_, each) in OBSERVERS.items()])


def _of(x: Floats) -> Distribution:
    return Distribution.of(Histogram.of(x), float(x.min()), float(x.max()))


@every
def test_it_asks_its_observer_and_changes_the_range_alone(name: str, number: float, known: Known) -> None:
    found = TECHNIQUES[name](PLAIN, known(X), number)
    assert found.reach == OBSERVERS[name][0](_of(X), number, STEPS)
    names = (each.name for each in fields(Linear))
    assert [each for each in names if getattr(found, each) is not getattr(PLAIN, each)] == ["reach"]
    assert X.min() <= found.reach[0] < 0 < found.reach[1] <= X.max()
    assert found.reaching(known(X)).reach == found.reach
    assert PLAIN.reaching(known(X)).reach == (X.min(), X.max())


@every
def test_it_is_that_of_what_the_product_sees(name: str, number: float, known: Known) -> None:
    divisor = np.array([1, 2, 4, 8, 1, 2, 4, 8], np.float32)  # powers of two: bins are divided exactly
    smoothed = replace(PLAIN, divisor=divisor)
    expected = TECHNIQUES[name](PLAIN, known(X / divisor), number)
    assert TECHNIQUES[name](smoothed, known(X), number).reach == expected.reach
    far = X.copy()
    far[:, 3] *= 1000
    without = TECHNIQUES[name](replace(PLAIN, outliers=np.array([3])), known(far), number)
    far[:, 3] = 0
    assert without.reach == pytest.approx(TECHNIQUES[name](PLAIN, known(far), number).reach, rel=0.01)


@every
def test_it_needs_the_histogram(name: str, number: float, known: Known) -> None:
    with pytest.raises(TypeError, match="histogram"):
        TECHNIQUES[name](PLAIN, replace(known(X), histogram=None), number)


@every
def test_a_value_of_zeros_has_no_range(name: str, number: float) -> None:
    assert OBSERVERS[name][0](_of(np.zeros((5, 2), np.float32)), number, STEPS) == (0, 0)


@given(tables, st.floats(0.05, 1))
def test_no_more_numbers_than_asked_lie_beyond_either_end(x: Floats, share: float) -> None:
    widest = Histogram.of(x).widths.max()
    low, high = percentile(_of(x), share, STEPS)
    outside = (1 - share) / 2 * x.size + 1e-6
    assert (x < low - widest).sum() <= outside
    assert (x > high + widest).sum() <= outside
    assert low <= 0 <= high


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.999])
def test_the_ends_are_the_quantiles_of_all_numbers(share: float) -> None:
    x = np.random.default_rng(0).standard_normal((5000, 8)).astype(np.float32)
    tolerance = Histogram.of(x).widths.max() + (x.max() - x.min()) / FINE
    quantiles = np.quantile(x, [(1 - share) / 2, (1 + share) / 2])
    np.testing.assert_allclose(percentile(_of(x), share, STEPS), quantiles, atol=tolerance)


@given(tables)
def test_all_of_it_is_the_whole_range(x: Floats) -> None:
    np.testing.assert_allclose(percentile(_of(x), 1.0, STEPS), (min(x.min(), 0), max(x.max(), 0)), rtol=1e-3)


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
    assert _error(x, *sixteen, 65535) < _error(x, *eight)


def test_nothing_is_tried_below_the_smallest_share() -> None:
    counts = np.zeros(FINE)
    counts[[0, FINE * 2 // 3, -1]] = 1, 1e9, 1
    distribution = Distribution(counts, -100, 50)
    assert least_error(distribution, 0.5, STEPS) == pytest.approx((-50, 25))
    assert least_error(distribution, 1.0, STEPS) == (-100, 50)


def _divergence(counts: list[float], zero: int, share: float) -> float:
    """Return by loops what is lost of bins of which ``zero`` lie below 0, where a share of them is kept."""
    farthest = max(1, round(share * max(zero, len(counts) - zero)))
    first, last = max(0, zero - farthest), min(len(counts), zero + farthest)
    kept = list(counts[first:last])
    p = list(kept)
    p[0] += sum(counts[:first])
    p[-1] += sum(counts[last:])
    groups: dict[int, list[int]] = {}
    for i in range(len(kept)):
        groups.setdefault(i * (STEPS + 1) // len(kept), []).append(i)
    q = [0.0] * len(kept)
    for members in groups.values():
        had = [i for i in members if p[i] > 0]
        for i in had:
            q[i] = sum(kept[j] for j in members) / len(had)
    whole = max(sum(q), LEAST_PROBABILITY)
    return sum(
        a / sum(p) * math.log(a / sum(p) / max(b / whole, LEAST_PROBABILITY))
        for a, b in zip(p, q, strict=True)
        if a > 0
    )


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, -0.25, -1.0, -3.0]))
def test_the_range_is_that_of_the_least_divergence(seed: int, low: float) -> None:
    generator = np.random.default_rng(seed)
    counts = generator.integers(0, 5, FINE) * (generator.random(FINE) < 0.5) * 1.0
    counts[FINE // 2] = 1000
    distribution = Distribution(counts, low, 1.0)
    zero = int(np.searchsorted(distribution.edges, 0))
    shares = np.linspace(1, 0.3, GRID)[:: GRID // 4]
    found = max(map(abs, least_divergence(distribution, 0.3, STEPS))) / max(1, -low)
    least = _divergence(counts.tolist(), zero, found)
    assert all(least <= _divergence(counts.tolist(), zero, share) + 1e-9 for share in shares)


def test_entropy_keeps_a_flat_range_and_cuts_off_a_far_outlier() -> None:
    x = np.linspace(-1, 3, 40_000, dtype=np.float32)[:, None]
    assert least_divergence(_of(x), 0.1, STEPS) == pytest.approx((-1, 3), rel=0.02)
    far = np.random.default_rng(0).standard_normal((2000, 32)).astype(np.float32)
    far[0, 0] = 100
    assert least_divergence(_of(far), 0.02, STEPS)[1] < 20


@pytest.mark.parametrize("smallest", [1e-6, 0.5])
def test_entropy_of_numbers_on_one_side(smallest: float) -> None:
    low, high = least_divergence(_of(np.ones((9, 2), np.float32)), smallest, STEPS)
    assert low == 0
    assert 0 < high <= 1
