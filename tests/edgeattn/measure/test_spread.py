from __future__ import annotations

import numpy as np
import pytest

from edgeattn.measure.spread import spread

INPUTS = [{"x": np.zeros(size)} for size in (7, 1, 5, 3, 9)]


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [5]), (2, [1, 9]), (3, [1, 5, 9]), (5, [1, 3, 5, 7, 9]), (50, [1, 3, 5, 7, 9])]
)
def test_samples_are_picked_evenly_by_size(count: int, sizes: list[int]) -> None:
    assert [arrays["x"].size for arrays in spread(INPUTS, count)] == sizes


def test_a_single_sample_stands_for_itself() -> None:
    assert spread(INPUTS[:1], 4) == INPUTS[:1]
