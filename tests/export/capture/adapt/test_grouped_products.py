from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from torch import Tensor, nn
from torch.nn import functional

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.layers.match import find_layers
from edgeattn_export.quantize.quantize import Quantized
from edgeattn_export.recover import recover
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.errors import CaptureError

TOLERANCE = 1e-5  # of the output's scale
INT8_COSINE = 0.99
WIDTH, EXPERTS = 16, 3


@torch.library.custom_op("edgeattn_tests::products_by_group", mutates_args=())
def products_by_group(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    """A library's own grouped product."""
    y = torch.zeros(x.size(0), weight.size(2))
    for group, (start, end) in enumerate(pairwise([0, *ends.tolist()])):
        y[start:end] = x[start:end] @ weight[group]
    return y


@torch.library.custom_op("edgeattn_tests::something_else", mutates_args=())
def something_else(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    """An operator that takes the same, and answers otherwise."""
    return x @ weight[0] + ends.sum()


@products_by_group.register_fake
@something_else.register_fake
def _(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    return x.new_empty(x.size(0), weight.size(2))


def _of_pytorch(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    return functional.grouped_mm(x, weight, offs=ends)


class Experts(nn.Module):
    """A mixture of experts: each row goes to the one that scores highest, weighted by the score."""

    def __init__(self, product: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.router = nn.Linear(WIDTH, EXPERTS)
        self.weight = nn.Parameter(torch.randn(EXPERTS, WIDTH, WIDTH) / WIDTH**0.5)
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(0, 1)  # (R, W)
        score, expert = self.router(rows).softmax(-1).max(-1)  # (R)
        expert, order = torch.sort(expert)
        ends = (expert[None, :] <= torch.arange(EXPERTS)[:, None]).sum(-1).int()
        made = self.product(rows[order], self.weight.mT, ends) * score[order][:, None]
        return torch.zeros_like(rows).index_copy(0, order, made).view(x.shape)


def _raw() -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(drawn_seed(0))
    return [{"x": torch.randn(1, length, WIDTH, generator=draw)} for length in (5, 9, 7)]


def test_the_adapted_call_answers_as_pytorch() -> None:
    x, weight = torch.randn(6, 8), torch.randn(3, 8, 4)
    ends = torch.tensor([2, 2, 6], dtype=torch.int32)
    with Adapted():
        actual = functional.grouped_mm(x, weight, offs=ends)
    torch.testing.assert_close(actual, functional.grouped_mm(x, weight, offs=ends))


def test_products_of_equal_groups_are_passed_on() -> None:
    x, weight = torch.randn(3, 8, 8), torch.randn(3, 8, 4)
    with Adapted():
        actual = functional.grouped_mm(x, weight)
    torch.testing.assert_close(actual, x @ weight)


@pytest.mark.parametrize("product", [_of_pytorch, products_by_group])
def test_each_expert_is_a_layer_whole_and_int8(
    product: Callable[[Tensor, Tensor, Tensor], Tensor],
    exported: Export,
    scaled_error: Callable[..., float],
    int8_of: Callable[[ir.Model, Samples], Quantized],
) -> None:
    captured, samples = exported(Experts(product), _raw())
    model = recover(captured, samples).model
    assert sum(layer.width == layer.channels == WIDTH for layer in find_layers(model)) == EXPERTS
    quantized = int8_of(model, samples).model
    assert "MatMul" not in operators(quantized)
    for batch, length in ((3, 6), (1, 1)):  # of one row, all experts but one have none
        inputs = sized_inputs(samples, captured.axes, {"batch": batch, "sequence": length})
        expected = captured.reference(inputs)
        assert scaled_error(expected, ORT_CPU.runner(model)(inputs)) < TOLERANCE
        assert cosine(expected["output"], ORT_CPU.runner(quantized)(inputs)["output"]) > INT8_COSINE


def test_an_operator_that_answers_otherwise_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match="something_else"):
        exported(Experts(something_else), _raw())
