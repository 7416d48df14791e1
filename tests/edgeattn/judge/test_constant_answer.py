"""An original whose metric says nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgeattn.judge.constant_answer import metric_notes
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.spread import spreads_of
from edgeattn_runtime.graph import Graph, Tensor

SAMPLES = Samples(
    tuple(Sample({"x": np.eye(2, dtype="float32")[[i % 2]]}, i % 2, number=i) for i in range(8))
)
GRAPH = Graph((Tensor("x", "float32", ("batch", 2)),), (Tensor("output", "float32", ("batch", 2)),))


class Same(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def right(outputs: torch.Tensor, target: object) -> float:
    return float(outputs.argmax().item() == target)


def notes(
    original: list[float], metric: Any = right, dims: tuple[int | str, ...] = ("batch", 2)
) -> tuple[str, ...]:
    spreads = spreads_of(GRAPH.outputs, [{"output": each.inputs["x"]} for each in SAMPLES])
    graph = Graph(GRAPH.inputs, (Tensor("output", "float32", dims),))
    captured = SimpleNamespace(
        graph=graph, axes=Axes({"x": ("batch", 2)}), reference=Reference(Same()), passed={}
    )
    comparison: Any = SimpleNamespace(captured=captured, metric=metric, spreads=spreads)
    return metric_notes(comparison, SAMPLES, original)


def test_an_original_that_is_no_better_than_its_mean_is_named() -> None:
    (line,) = notes([0.0] * 8)
    assert line.startswith(
        "The original's own metric, 0.0000, is no better than that of a constant answer, 0.5"
    )
    assert len(notes([0.0, 1.0] * 4)) == 1
    assert notes([1.0] * 8) == ()


@pytest.mark.parametrize("case", ["no metric", "a metric that refuses", "an unknown size"])
def test_where_a_constant_answer_cannot_be_had_nothing_is_said(case: str) -> None:
    def refuses(*_: object) -> float:
        raise ValueError

    assert notes([]) == ()
    if case == "no metric":
        assert notes([0.0] * 8, None) == ()
    elif case == "a metric that refuses":
        assert notes([0.0] * 8, refuses) == ()
    else:
        assert notes([0.0] * 8, right, ("boxes", 2)) == ()
