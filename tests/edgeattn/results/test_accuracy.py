from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.results.accuracy import Accuracy

PLAIN = Accuracy(0.99, 0.98, 1.0, 0.1, 20.0, None, None)


def test_a_metric_drops_by_what_int8_lacks_of_the_original() -> None:
    assert replace(PLAIN, metric_pytorch=0.9, metric_int8=0.75).metric_drop == pytest.approx(0.15)
    assert PLAIN.metric_drop is None
