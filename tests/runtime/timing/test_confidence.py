from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_runtime.timing.confidence import MOST_BATCHES, Interval, in_batches, interval_of, ratio_of

CALLS = {0.5: 480, 0.9: 480, 0.99: 960}  # by quantile
HELD = {0.5: 0.94, 0.9: 0.93, 0.99: 0.93}  # of 0.95: in the tail dependent calls hold fewer news
TRIALS = 400


def autocorrelated(rng: np.random.Generator, correlation: float, calls: int = 480) -> NDArray[np.float64]:
    """Series of times around 1 ms whose logarithms are AR(1): each call keeps a share of what was before."""
    noise = rng.normal(size=(calls, TRIALS))
    for i in range(1, calls):
        noise[i] = correlation * noise[i - 1] + np.sqrt(1 - correlation**2) * noise[i]
    return np.exp(0.1 * noise.T)


def covered(correlation: float, share: float, *, batches: bool = True) -> float:
    """Return how often the interval holds the true quantile; calls as if independent without batches."""
    rng = np.random.default_rng(0)
    true = float(np.exp(0.1 * NormalDist().inv_cdf(share)))
    hits = 0
    for times in autocorrelated(rng, correlation, CALLS[share]):
        interval = interval_of(in_batches((times if batches else rng.permutation(times)).tolist()), share)
        assert interval is not None
        hits += interval.low <= true <= interval.high
    return hits / TRIALS


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_intervals_hold_the_true_quantile_though_calls_depend_on_one_another(
    correlation: float, share: float
) -> None:
    assert covered(correlation, share) >= HELD[share]


def test_weather_that_outlasts_a_batch_widens_the_interval() -> None:
    assert covered(0.98, 0.5) >= 0.90  # 0.72 without


def test_calls_taken_as_independent_would_promise_too_much() -> None:
    assert covered(0.8, 0.5, batches=False) < 0.75


def agreeing(slow: float) -> float:
    """Return how often two measurements in a row agree, each of eight processes.

    Weather that 50 processes forget two thirds of adds ``slow`` times the noise that each has of its own.
    """
    rng = np.random.default_rng(0)
    processes = 2 * 8
    weather = 10 * np.log(autocorrelated(rng, 0.98, processes))  # (trials, processes)
    levels = rng.normal(size=weather.shape) + slow * weather
    calls = np.exp(0.01 * levels[..., None] + 0.001 * rng.normal(size=(*levels.shape, 50)))
    hits = 0
    for times in calls:
        first, second = (interval_of(list(half), 0.5) for half in (times[:8], times[8:]))
        assert first is not None
        assert second is not None
        hits += first.overlaps(second)
    return hits / TRIALS


@pytest.mark.parametrize("slow", [0.0, 1.0, 3.0, 10.0])
def test_two_measurements_in_a_row_agree_in_any_weather(slow: float) -> None:
    assert agreeing(slow) >= 0.92  # 0.80 in the slowest by the correlation of neighbors (ASAP3, 2005)


def test_intervals_are_no_wider_than_they_must_be() -> None:
    rng = np.random.default_rng(0)
    interval = interval_of(in_batches(autocorrelated(rng, 0.5)[0].tolist()), 0.5)
    assert interval is not None
    assert interval.high / interval.low < 1.08


def test_a_ratio_is_steadier_than_its_times() -> None:
    rng = np.random.default_rng(0)
    weather = autocorrelated(rng, 0.995)  # both runners drift together
    hits = 0
    for slow, fast in zip(
        3 * weather * autocorrelated(rng, 0.2), weather * autocorrelated(rng, 0.2), strict=True
    ):
        ratio = ratio_of(in_batches(slow.tolist()), in_batches(fast.tolist()))
        assert ratio.interval is not None
        assert ratio.sure
        hits += ratio.interval.low <= 3 <= ratio.interval.high
    assert hits / TRIALS >= 0.90


def test_a_ratio_of_few_or_wild_calls_is_not_sure() -> None:
    assert not ratio_of(in_batches([3.0] * 3), in_batches([1.0] * 3)).sure
    rng = np.random.default_rng(0)
    wild = np.exp(rng.normal(0, 1, MOST_BATCHES)).tolist()
    assert not ratio_of(in_batches(wild), in_batches([1.0] * MOST_BATCHES)).sure


def test_batches_are_whole_units_of_nearly_the_same_length() -> None:
    batches = in_batches(list(map(float, range(99))), unit=3)
    assert len(batches) == MOST_BATCHES
    assert {batch.size for batch in batches} == {6, 9}
    assert np.concatenate(batches).tolist() == list(range(99))
    assert [batch.size for batch in in_batches([1.0, 2.0], unit=3)] == [2]


@pytest.mark.parametrize(("calls", "is_known"), [(749, False), (800, True)])
def test_a_quantile_that_few_calls_are_beyond_has_no_interval(calls: int, is_known: bool) -> None:
    assert (interval_of(in_batches([1.0] * calls), 0.99) is not None) == is_known


def test_a_clock_that_did_not_tick_is_no_error() -> None:
    assert interval_of(in_batches([0.0] * 50), 0.5) == Interval(1e-6, 1e-6)
