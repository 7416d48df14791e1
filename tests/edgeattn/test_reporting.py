from __future__ import annotations

import numpy as np
import pytest

from edgeattn.reporting import scale_note, way_notes
from edgeattn.results.accuracy import Accuracy
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.other_way import OtherWay


def test_a_notable_difference_gets_a_scale() -> None:
    outputs = [np.array([-0.24, 0.03, -np.inf], np.float32), np.array([[0.07, np.nan]], np.float32)]
    (note,) = scale_note(0.017, outputs)
    assert " 0.24 " in note


@pytest.mark.parametrize("difference", [0.0, 0.2])
def test_a_small_one_needs_none(difference: float) -> None:
    assert scale_note(difference, [np.array([24.0])]) == ()


def without_kernels(*limits: str, cases: tuple[str, ...] = (), ok: bool = False) -> OtherWay:
    checks = tuple(Check(name, 0.98, 0.99, ok=ok) for name in limits)
    edge_cases = tuple(EdgeCase(name, ok=ok) for name in cases)
    accuracy = Accuracy((), 1, 1, 1, 0, 60, None, None)
    return OtherWay(
        name="without kernels", checks=checks, accuracy=accuracy, latency_ms=None, edge_cases=edge_cases
    )


def test_what_is_not_proven_in_another_way_is_noted() -> None:
    assert way_notes([without_kernels("cosine", cases=("batch 1",), ok=True)]) == ()
    notes = way_notes([without_kernels("cosine")])
    assert notes == ("Without kernels, the samples do not prove the limit on cosine.",)
    notes = way_notes([without_kernels("cosine", "r2", cases=("batch 1",))])
    assert notes == (
        "Without kernels, the samples do not prove the limits on cosine, r2.",
        "Without kernels, the bundle fails edge case batch 1.",
    )
