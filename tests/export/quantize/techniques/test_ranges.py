"""The techniques that choose a fixed range of the input, one for each observer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from edgeattn_export.quantize.layers.histogram import Distribution, Histogram
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.quantize.techniques.entropy_range import least_divergence
from edgeattn_export.quantize.techniques.least_error_range import least_error
from edgeattn_export.quantize.techniques.percentile_range import percentile

GENERATOR = np.random.default_rng(0)
X = GENERATOR.standard_t(3, (500, 8)).astype(np.float32)
PLAIN = Linear(GENERATOR.standard_normal((8, 4)).astype(np.float32), None)
NUMBERS = {"percentile range": 0.99, "least-error range": 0.1, "entropy range": 0.1}

Known = Callable[[np.ndarray], Statistics]

every = pytest.mark.parametrize("name", list(NUMBERS))


def _distribution(x: np.ndarray) -> Distribution:
    return Distribution.of(Histogram.of(x), float(x.min()), float(x.max()))


@every
def test_it_asks_its_observer_and_changes_the_range_alone(name: str, known: Known) -> None:
    found = TECHNIQUES[name](PLAIN, known(X), NUMBERS[name])
    observed = {
        "percentile range": lambda: percentile(_distribution(X), 0.99, 255),
        "least-error range": lambda: least_error(_distribution(X), 0.1, 255),
        "entropy range": lambda: least_divergence(_distribution(X), 0.1, 255),
    }[name]()
    assert found.reach == observed
    names = (each.name for each in fields(Linear))
    assert [each for each in names if getattr(found, each) is not getattr(PLAIN, each)] == ["reach"]


@every
def test_the_range_is_within_the_whole_and_is_kept(name: str, known: Known) -> None:
    found = TECHNIQUES[name](PLAIN, known(X), NUMBERS[name])
    assert found.reach is not None
    assert X.min() <= found.reach[0] < 0 < found.reach[1] <= X.max()
    assert found.reaching(known(X)).reach == found.reach
    assert PLAIN.reaching(known(X)).reach == (X.min(), X.max())


@every
def test_it_is_that_of_what_the_product_sees(name: str, known: Known) -> None:
    divisor = np.array([1, 2, 4, 8, 1, 2, 4, 8], np.float32)  # powers of two: bins are divided exactly
    smoothed = replace(PLAIN, divisor=divisor)
    expected = TECHNIQUES[name](PLAIN, known(X / divisor), NUMBERS[name])
    assert TECHNIQUES[name](smoothed, known(X), NUMBERS[name]).reach == expected.reach
    far = X.copy()
    far[:, 3] *= 1000
    without = TECHNIQUES[name](replace(PLAIN, outliers=np.array([3])), known(far), NUMBERS[name])
    far[:, 3] = 0
    assert without.reach == pytest.approx(TECHNIQUES[name](PLAIN, known(far), NUMBERS[name]).reach, rel=0.01)


@every
def test_it_needs_the_histogram(name: str, known: Known) -> None:
    with pytest.raises(TypeError, match="histogram"):
        TECHNIQUES[name](PLAIN, replace(known(X), histogram=None), NUMBERS[name])
