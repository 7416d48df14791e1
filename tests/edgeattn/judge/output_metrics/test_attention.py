from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeattn.judge.output_metrics.attention import ATTENTION_DISTANCE, total_variation
from edgeattn.judge.output_metrics.output_metric import OutputAnswers


@pytest.mark.parametrize(
    ("expected", "actual", "distance"),
    [
        ([0.2, 0.3, 0.5], [0.2, 0.3, 0.5], 0),
        ([1, 0, 0], [0, 0, 1], 1),
        ([0.5, 0.5, 0], [0.5, 0.25, 0.25], 0.25),
        ([1], [1], 0),  # one token
        ([0, 0], [0, 0], 0),  # a query that sees nothing
        ([np.nan, np.nan], [0, 0], np.nan),
    ],
)
def test_the_share_that_goes_elsewhere(expected: list[float], actual: list[float], distance: float) -> None:
    found = total_variation(np.array([[expected]]), np.array([[actual]]))
    np.testing.assert_allclose(found, [[distance]])


def test_a_sample_counts_by_the_mean_of_its_rows(answered: Callable[..., OutputAnswers]) -> None:
    expected, actual = [[[1.0, 0.0], [0.5, 0.5]]], [[[0.0, 1.0], [0.5, 0.5]]]
    assert ATTENTION_DISTANCE.keep(answered(expected, actual)) == 0.5
    assert ATTENTION_DISTANCE.mean([0.5, 0.25]).value == 0.375
