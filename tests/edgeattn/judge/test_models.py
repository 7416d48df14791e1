from __future__ import annotations

from typing import Any, cast

from edgeattn.judge.models import FloatModel
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit


def test_samples_that_evaluate_have_no_say_in_sizes(captured: Captured, samples: SampleSplit) -> None:
    unread: Any = cast("Any", None)
    model = FloatModel(unread, 0.0, None, captured, unread, unread, unread, samples, unread)
    lengths = [s.inputs["tokens"].shape[1] for s in (*samples.calibration, *samples.selection)]
    assert [sizes["sequence"] for sizes in model.choosing_sizes] == lengths
