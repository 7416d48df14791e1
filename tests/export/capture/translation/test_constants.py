from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Alike, Export
from onnxscript import opset23 as op
from onnxscript import script
from onnxscript.onnx_types import FLOAT
from onnxscript.optimizer import optimize
from torch import Tensor, nn

from edgeattn_export.capture.translation.constants import adopt_constants, exact_constants

SMALL = 1e-5  # of the inputs: their squares are below what is added to them


class Normed(nn.Module):
    """Divides by a root whose smallest addend counts, as of inputs that are nearly 0."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.000005 * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-8)


def test_what_is_nearly_nothing_is_added(exported: Export) -> None:
    captured, samples = exported(Normed(), [{"x": SMALL * torch.randn(2, n, 4)} for n in (3, 6, 5)])
    actual = captured.engine.runner(captured.model)(samples[0].inputs)["output"]
    expected = captured.reference(samples[0].inputs)["output"]
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize(("number", "left"), [(0.0, []), (1e-8, ["Add"]), (-1e-9, ["Add"])])
def test_nothing_alone_goes(number: float, left: list[str]) -> None:
    @script(default_opset=op)
    def added(x: FLOAT[2]) -> FLOAT[2]:
        return op.Neg(op.Add(x, op.Constant(value_float=number)))

    with exact_constants():
        model = optimize(added.to_model_proto())
    assert [node.op_type for node in model.graph.node if node.op_type == "Add"] == left


class Clipped(nn.Module):
    """Clips one value twice, to bounds that are buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.low, self.high = nn.Buffer(torch.tensor(-0.5)), nn.Buffer(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        x = 2 * x
        return self.first(x.clamp(self.low, self.high)) * self.second(x.clamp(self.low, self.high))


def test_a_value_that_is_clipped_twice_is_exported(alike: Alike) -> None:
    alike(Clipped(), [{"x": torch.randn(2, n, 4)} for n in (3, 6, 5)])


def test_a_graph_that_holds_all_its_constants_stays_as_it_is(exported: Export) -> None:
    captured, _ = exported(nn.Linear(4, 4), [{"input": torch.randn(2, n, 4)} for n in (3, 6, 5)])
    before = list(captured.model.graph.initializers)
    adopt_constants(captured.model)
    assert list(captured.model.graph.initializers) == before
