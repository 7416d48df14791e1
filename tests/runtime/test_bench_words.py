from __future__ import annotations

import pytest

from edgeattn_runtime.batches import Interval
from edgeattn_runtime.bench_words import off_by


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (None, ""),
        (Interval(0.98, 1.02), "±2 %"),
        (Interval(1.0, 1.0), "±0 %"),
        (Interval(0.1, 10.0), "±>99 %"),
    ],
)
def test_a_figure_may_be_off_by_a_share(interval: Interval | None, words: str) -> None:
    assert off_by(interval) == words
