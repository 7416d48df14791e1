from __future__ import annotations

import pytest

from edgeattn.judge.figures import mean_drop


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
