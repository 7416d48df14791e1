from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeattn.judge.output_metrics.embeddings import RANK, RECALL_AT_10
from edgeattn.judge.output_metrics.output_metric import OutputAnswers

Make = Callable[..., OutputAnswers]
POINTS = np.random.default_rng(0).normal(size=(300, 16))  # more than a block of queries


def kept(metric: object, points: np.ndarray, answered: Make) -> list[object]:
    """Keep each of many samples of one row."""
    pairs = zip(POINTS, points, strict=True)
    return [metric.keep(answered(a[None], b[None])) for a, b in pairs]  # type: ignore[attr-defined]


@pytest.mark.parametrize("metric", [RECALL_AT_10, RANK], ids=lambda metric: metric.name)
def test_lengths_do_not_count_and_rows_of_a_batch_do(metric: object, answered: Make) -> None:
    longer = POINTS * np.arange(1, 301)[:, None]
    alone = metric.mean(kept(metric, longer, answered))  # type: ignore[attr-defined]
    assert alone.value == pytest.approx(1)
    together = metric.mean([metric.keep(answered(POINTS, longer))])  # type: ignore[attr-defined]
    assert together.scores == alone.scores


def test_other_points_have_other_neighbors(answered: Make) -> None:
    shuffled = RECALL_AT_10.mean(kept(RECALL_AT_10, POINTS[::-1].copy(), answered))
    assert shuffled.value == pytest.approx(10 / 299, abs=0.02)
    assert RANK.mean(kept(RANK, POINTS[::-1].copy(), answered)).value == pytest.approx(0, abs=0.05)


def test_a_little_noise_costs_a_little(answered: Make) -> None:
    noisy = POINTS + np.random.default_rng(1).normal(scale=0.05, size=POINTS.shape)
    recall = RECALL_AT_10.mean(kept(RECALL_AT_10, noisy, answered))
    assert 0.7 < recall.value < 0.99
    assert 0.99 < RANK.mean(kept(RANK, noisy, answered)).value < 1


def test_recall_counts_what_both_find(answered: Make) -> None:
    angles = np.linspace(0, 1, 120)
    line = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # the nearest are those beside
    moved = line.copy()
    moved[[0, 60]] = moved[[60, 0]]
    recall = RECALL_AT_10.mean([RECALL_AT_10.keep(answered(line, moved))])
    nearest = [np.argsort(-(each @ each.T), axis=1)[:, 1:11] for each in (line, moved)]
    shared = [np.intersect1d(a, b).size for a, b in zip(*nearest, strict=True)]
    assert (shared[0], shared[30], shared[60]) == (0, 10, 0)
    assert recall.value == pytest.approx(np.mean(shared) / 10)
    assert recall.scores[0] < 0.0 < recall.scores[30]  # it is no neighbor of those that look for it


@pytest.mark.parametrize("metric", [RECALL_AT_10, RANK], ids=lambda metric: metric.name)
def test_scores_vary_as_much_as_their_mean_says_though_samples_are_neighbors(
    metric: object, answered: Make
) -> None:
    rng = np.random.default_rng(0)
    values, errors = [], []
    for _ in range(80):
        points = rng.normal(size=(100, 24))
        noise = 0.05 * np.exp(rng.normal(scale=1.2, size=(100, 1)))  # some samples are moved far
        mean = metric.mean([metric.keep(answered(points, points + noise * rng.normal(size=points.shape)))])  # type: ignore[attr-defined]
        values.append(mean.value)
        errors.append(np.std(mean.scores) / 10)
    assert np.std(values) / np.mean(errors) < 1.25  # 1.5 and 2.2 by own scores alone


def test_no_answer_finds_nothing_and_crashes_nothing(answered: Make) -> None:
    nothing = RECALL_AT_10.mean([RECALL_AT_10.keep(answered(POINTS, np.full_like(POINTS, np.nan)))])
    assert nothing.value < 0.2
