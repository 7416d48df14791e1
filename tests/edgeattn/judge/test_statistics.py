"""A mean's bound holds as often as it says, is that of the textbook where there is one, and grows tighter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.judge.statistics import (
    LEAST_SAMPLES,
    MOST_SAMPLES,
    count_for,
    count_needed,
    mean_bound,
    share_shown,
    unseen_score,
)
from edgeattn.results.check import CONFIDENCE

TRIES = 200
NOISE = 0.04  # of a share seen in so many tries
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


@pytest.mark.parametrize(
    ("wrong", "clopper_pearson"),  # scipy.stats.beta.ppf(0.95, wrong + 1, 180 - wrong)
    [(0, 0.016505), (1, 0.026082), (5, 0.057515)],
)
def test_of_right_or_wrong_it_is_the_textbooks(wrong: int, clopper_pearson: float) -> None:
    losses = [1.0] * wrong + [0.0] * (180 - wrong)
    assert mean_bound(losses, 1.0, at_least=False) == pytest.approx(clopper_pearson, rel=0.04)
    rights = [1 - loss for loss in losses]
    assert mean_bound(rights, 0.0, at_least=True) == pytest.approx(1 - clopper_pearson, rel=0.002)


@pytest.mark.parametrize("count", [LEAST_SAMPLES, 60])
@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        (lambda rng, n: rng.normal(0.0, 1.0, n), 0.0),
        (lambda rng, n: -rng.exponential(1.0, n), -1.0),
        (lambda rng, n: -rng.lognormal(0.0, 1.0, n), -np.exp(0.5)),
    ],
    ids=["normal", "exponential", "lognormal"],
)
def test_it_is_wrong_no_more_often_than_it_says(draw: Draw, mean: float, count: int) -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(TRIES):
        scores = draw(rng, count).tolist()
        wrong += mean_bound(scores, unseen_score(scores, at_least=True), at_least=True) > mean
    assert wrong / TRIES <= 1 - CONFIDENCE + NOISE


def test_both_sides_are_alike_and_the_same_each_time() -> None:
    scores = np.random.default_rng(0).lognormal(size=50).tolist()
    unseen = unseen_score(scores, at_least=False)
    high = mean_bound(scores, unseen, at_least=False)
    low = mean_bound([-score for score in scores], -unseen, at_least=True)
    assert high == mean_bound(scores, unseen, at_least=False) == pytest.approx(-low)
    assert high > np.mean(scores)


def test_more_samples_like_these_bring_it_nearer() -> None:
    scores = np.random.default_rng(0).normal(0.9, 0.05, 40).tolist()
    unseen = unseen_score(scores, at_least=True)
    bounds = [mean_bound(scores, unseen, at_least=True, repeats=repeats) for repeats in (1, 4, 16)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < np.mean(scores)


def test_the_number_needed_is_about_what_suffices() -> None:
    rng, limit = np.random.default_rng(0), 0.99

    def meets(mean: float) -> bool:
        return mean >= limit

    few = (1 - rng.exponential(0.008, 30)).tolist()
    unseen = unseen_score(few, at_least=True)
    assert meets(float(np.mean(few)))
    assert not meets(mean_bound(few, unseen, at_least=True))
    needed = count_needed(few, unseen, meets, at_least=True)
    assert needed is not None
    assert meets(mean_bound(few, unseen, at_least=True, repeats=1.02 * needed / len(few)))
    assert not meets(mean_bound(few, unseen, at_least=True, repeats=0.9 * needed / len(few)))


def test_none_at_all_is_shown_by_no_number_of_samples() -> None:
    assert count_needed([0.0] * 50, 1.0, lambda drop: drop <= 0.0, at_least=False) is None
    assert count_needed([0.0] * (MOST_SAMPLES + 1), 1.0, lambda drop: drop <= 0.0, at_least=False) is None


def test_an_unseen_input_is_farther_off_than_the_worst() -> None:
    assert unseen_score([1.0, 0.9, 0.8], at_least=True) == pytest.approx(0.6)
    assert unseen_score([1.0, 0.9, 0.8], at_least=False) == pytest.approx(1.2)
    assert unseen_score([0.5], at_least=True) == 0.5


DRAWN = 4000


@pytest.mark.parametrize(("share", "count"), [(0.9, 29), (0.95, 59), (0.99, 299)])  # Wilks' own table
def test_so_many_samples_speak_for_a_share(share: float, count: int) -> None:
    assert count_for(share) == count
    assert share_shown(count) >= share > share_shown(count - 1)


def test_chance_bears_it_out() -> None:
    count = 40
    lowest = np.random.default_rng(0).random((DRAWN, count)).min(axis=1)  # as a share of inputs below it
    holds = np.mean(1 - lowest >= share_shown(count))
    assert holds == pytest.approx(CONFIDENCE, abs=0.015)
