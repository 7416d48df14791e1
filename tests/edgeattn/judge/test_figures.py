"""What a number shows: of a size, a mean by its interval, and the worst of samples by how many there are."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.judge.figures import Exact, Figure, Mean, Worst, mean_drop
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

ALIKE = (0.995,) * 50


@pytest.mark.parametrize(
    ("figure", "least", "ok", "decided", "bounds"),
    [
        (Exact(3.0), 3.0, True, True, None),
        (Exact(2.9), 3.0, False, True, None),
        (Mean(ALIKE, 0.98, at_least=True), 0.99, True, True, (0.99, 0.995)),
        (Mean(ALIKE, 0.98, at_least=True), 0.996, False, True, (0.99, 0.995)),  # whatever its interval
        (Mean(ALIKE, 0.5, at_least=True), 0.99, False, False, (0.5, 0.99)),
    ],
)
def test_a_figure_is_decided_by_the_end_of_its_interval(
    figure: Figure, least: float, ok: bool, decided: bool, bounds: tuple[float, float] | None
) -> None:
    found = figure.decide(lambda value: value >= least)
    assert (found.ok, found.decided) == (ok, decided)
    assert (found.bound is None) == (bounds is None)
    assert bounds is None or bounds[0] < (found.bound or 0) < bounds[1]
    assert decided == (found.needed is None)
    assert decided or (found.needed or 0) > len(ALIKE)


@pytest.mark.parametrize(("count", "ok"), [(LEAST_SAMPLES - 1, False), (LEAST_SAMPLES, True)])
def test_a_mean_of_very_few_samples_is_undecided_however_good(count: int, ok: bool) -> None:
    found = Mean((1.0,) * count, 1.0, at_least=True).decide(lambda value: value >= 0.5)
    assert (found.ok, found.decided, found.needed) == (ok, ok, None if ok else LEAST_SAMPLES)


@pytest.mark.parametrize(("count", "promised"), [(LEAST_SAMPLES, False), (50, False), (5000, True)])
def test_a_mean_promises_what_as_many_samples_as_will_judge_show(count: int, promised: bool) -> None:
    drop = Mean((0.0, 0.009) * 25, 0.02, at_least=False)
    assert drop.promises(lambda value: value <= 0.005, count) == promised
    assert not drop.promises(lambda value: value <= 0.0044, 5000)  # which its own mean misses


def test_too_few_samples_to_judge_are_no_fault_of_a_mean() -> None:
    drop = Mean((0.0, 0.009) * 25, 0.02, at_least=False)
    assert drop.promises(lambda value: value <= 0.005, LEAST_SAMPLES - 1)


@pytest.mark.parametrize("count", [100, 300])
def test_what_no_recipe_would_show_by_so_few_samples_is_promised_by_the_mean(count: int) -> None:
    right = [1.0] * 99
    drop = mean_drop(right, [*right[1:], 0.0])  # of which 299 that are right show that at most 1 % is lost
    assert drop.promises(lambda value: value <= 0.0102, count) == (count < 299)
    assert not drop.promises(lambda value: value <= 0.01, count)  # which its own mean misses


def test_a_worst_sample_and_a_size_promise_what_they_are() -> None:
    for figure in (Worst(0.9, 10), Exact(0.9)):
        assert figure.promises(lambda value: value >= 0.9, 1)
        assert not figure.promises(lambda value: value > 0.9, 1000)


def test_a_figure_may_be_another_than_the_mean_itself() -> None:
    ratio = Mean((0.0, math.log(1.02)) * 30, 0.1, at_least=False, read=math.exp)
    assert ratio.value == pytest.approx(1.00995, abs=1e-5)
    found = ratio.decide(lambda value: value <= 1.02)
    assert found.ok
    assert found.bound is not None
    assert ratio.value < found.bound <= 1.02


@pytest.mark.parametrize(
    ("value", "count", "ok", "decided"),
    [(0.9, 58, False, False), (0.9, 59, True, True), (0.7, 9, False, True)],
)
def test_a_worst_sample_speaks_for_a_share_of_inputs(
    value: float, count: int, ok: bool, decided: bool
) -> None:
    found = Worst(value, count).decide(lambda value: value >= 0.8)
    assert (found.ok, found.decided, found.needed) == (ok, decided, None if decided else 59)
    assert found.share == pytest.approx(0.05 ** (1 / count))


def test_of_right_or_wrong_an_unseen_input_may_lose_all() -> None:
    assert mean_drop([1.0, 1.0, 0.0], [1.0, 1.0, 0.0]).unseen == 1.0


def test_of_grades_that_no_sample_lost_it_loses_a_step() -> None:
    grades = [1.0, 0.875, 1.0, 0.75, 0.5]  # of batches of eight
    drop = mean_drop(grades * 10, grades * 10)
    assert drop.unseen == 0.125
    assert not drop.decide(lambda mean: mean <= 0.001).decided
    assert mean_drop([0.5] * 9, [0.5] * 9).unseen == 0.0


def test_of_grades_it_loses_more_than_any_that_was_seen() -> None:
    drop = mean_drop([0.9, 0.8, 0.5], [0.8, 0.8, 0.5])
    assert drop.value == pytest.approx(0.1 / 3)
    assert drop.unseen == pytest.approx(3 * 0.1 - 2 * 0.1 / 3)


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
