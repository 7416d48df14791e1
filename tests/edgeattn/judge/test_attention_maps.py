from __future__ import annotations

import numpy as np
import pytest

from edgeattn.judge.attention_maps import total_variation


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
