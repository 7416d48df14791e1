from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.search.promise import DOUBT, JUDGES, MOST_ERROR, promised_errors

SELECTING = 90
DRAWS = 400
SCATTER = 0.04  # of a share of so many draws
ESTIMATED = 0.87  # nine in ten, less scatter: the slope is an estimate by ten errors


def drawn(slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Return errors of Pareto's law, (draws, samples): those that select, and those that judge."""
    draw = np.random.default_rng(0)
    errors = 1e-4 * draw.uniform(size=(DRAWS, (1 + JUDGES) * SELECTING)) ** -slope
    return errors[:, :SELECTING], errors[:, SELECTING:]


@pytest.mark.parametrize("slope", [0.1, 0.3, 0.5, 0.7])
def test_about_as_often_as_it_says_others_keep_what_samples_promise(slope: float) -> None:
    selecting, judging = drawn(slope)
    promises = [promised_errors(errors) for errors in selecting]
    means = np.mean([own.mean() <= each.mean for own, each in zip(judging, promises, strict=True)])
    worst = np.mean([own.max() <= each.worst for own, each in zip(judging, promises, strict=True)])
    assert means >= ESTIMATED
    assert worst >= ESTIMATED


def test_where_errors_are_alike_the_mean_of_others_keeps_it_too() -> None:
    errors = 1e-3 + 1e-4 * np.random.default_rng(0).normal(size=(DRAWS, (1 + JUDGES) * SELECTING))
    selecting, judging = errors[:, :SELECTING], errors[:, SELECTING:]
    pairs = zip(judging, map(promised_errors, selecting), strict=True)
    assert np.mean([own.mean() <= each.mean for own, each in pairs]) >= 1 - DOUBT - SCATTER


def test_the_samples_own_mean_and_worst_promise_less() -> None:
    selecting, judging = drawn(0.5)
    assert np.mean(judging.mean(axis=1) <= selecting.mean(axis=1)) < 0.7
    assert np.mean(judging.max(axis=1) <= selecting.max(axis=1)) < 0.5


def test_errors_that_are_alike_promise_about_themselves_and_a_long_tail_more() -> None:
    draw = np.random.default_rng(0)
    alike = promised_errors(draw.uniform(9e-4, 1.1e-3, SELECTING))
    assert alike.mean == pytest.approx(1e-3, rel=0.05)
    assert alike.worst == pytest.approx(1.1e-3, rel=0.15)
    long = 1e-4 * draw.uniform(size=SELECTING) ** -0.7
    assert promised_errors(long).mean > 1.5 * long.mean()


@pytest.mark.parametrize(
    "errors", [[0.01], [0.0, 0.0], [0.0, 0.0, 0.3], [1.5, 1e-9, 1e-9, 1e-9], [9.0, 1e-9]]
)
def test_few_errors_promise_no_less_than_they_are_and_no_more_than_there_is(errors: list[float]) -> None:
    promised = promised_errors(np.array(errors))
    assert np.mean(errors) <= promised.mean <= max(*errors, MOST_ERROR)
    assert max(errors) <= promised.worst <= max(*errors, MOST_ERROR)
