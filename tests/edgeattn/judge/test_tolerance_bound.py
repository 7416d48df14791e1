"""The worst of n samples speaks for the share that the textbook says, and that chance bears out."""

from __future__ import annotations

import numpy as np
import pytest

from edgeattn.judge.statistics import count_for, share_shown
from edgeattn.results.check import CONFIDENCE

TRIES = 4000


@pytest.mark.parametrize(("share", "count"), [(0.9, 29), (0.95, 59), (0.99, 299)])  # Wilks' own table
def test_so_many_samples_speak_for_a_share(share: float, count: int) -> None:
    assert count_for(share) == count
    assert share_shown(count) >= share > share_shown(count - 1)


def test_chance_bears_it_out() -> None:
    count = 40
    lowest = np.random.default_rng(0).random((TRIES, count)).min(axis=1)  # as a share of inputs below it
    holds = np.mean(1 - lowest >= share_shown(count))
    assert holds == pytest.approx(CONFIDENCE, abs=0.015)
