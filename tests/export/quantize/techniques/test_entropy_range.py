from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_export.quantize.layers.histogram import FINE, Distribution, Histogram
from edgeattn_export.quantize.techniques.entropy_range import GRID, LEAST_PROBABILITY, least_divergence

STEPS = 255

Floats = NDArray[np.float32]


def _of(x: Floats) -> Distribution:
    return Distribution.of(Histogram.of(x), float(x.min()), float(x.max()))


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


def test_a_flat_distribution_keeps_its_range() -> None:
    x = np.linspace(-1, 3, 40_000, dtype=np.float32)[:, None]
    low, high = least_divergence(_of(x), 0.1, STEPS)
    assert (low, high) == pytest.approx((-1, 3), rel=0.02)


def test_a_far_outlier_is_cut_off() -> None:
    x = np.random.default_rng(0).standard_normal((2000, 32)).astype(np.float32)
    x[0, 0] = 100
    _, high = least_divergence(_of(x), 0.02, STEPS)
    assert high < 20


@pytest.mark.parametrize("smallest", [1e-6, 0.5])
def test_one_sided_and_empty_ranges(smallest: float) -> None:
    low, high = least_divergence(_of(np.ones((9, 2), np.float32)), smallest, STEPS)
    assert low == 0
    assert 0 < high <= 1
    assert least_divergence(_of(np.zeros((9, 2), np.float32)), smallest, STEPS) == (0, 0)
