from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from fixture_types import Export
from spelled import Hand
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.recover.rules import RULES

TOLERANCE = 1e-5  # of the output's scale


def test_a_whole_encoder_is_recovered(recovered: Recovered) -> None:
    assert recovered.applied == {"attention": 1, "attention layout": 1, "projections": 1}
    assert recovered.refused == ()
    actual = operators(recovered.model)
    assert actual["Attention"] == actual["Gelu"] == actual["Split"] == 1
    assert actual["MatMul"] == 4  # projections, output, up, down
    assert not {"Softmax", "Transpose", "Erf"} & set(actual)


def test_what_one_engine_is_fast_at_or_needs_is_no_part_of_it(recovered: Recovered) -> None:
    assert not {"Sum", "Expand", "Max"} & set(operators(recovered.model))
    assert set(recovered.model.opset_imports) == {""}


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 5), (2, 32)])
@pytest.mark.parametrize("shown", [1, 32])
def test_and_answers_as_pytorch(
    sizes: tuple[int, int],
    shown: int,
    encoder: Captured,
    samples: Samples,
    recovered: Recovered,
    scaled_error: Callable[..., float],
) -> None:
    inputs = dict(sized_inputs(samples, encoder.axes, dict(zip(("batch", "sequence"), sizes, strict=True))))
    inputs["mask"][-1, shown:] = 0
    assert scaled_error(encoder.reference(inputs), ORT_CPU.runner(recovered.model)(inputs)) < TOLERANCE


def test_the_captured_graph_is_left_as_it_is(encoder: Captured, samples: Samples) -> None:
    before = serialize(encoder.model)
    once, again = (recover(encoder, samples) for _ in range(2))
    assert serialize(encoder.model) == before
    assert serialize(once.model) == serialize(again.model)  # and the way is the same every time


def test_where_no_rule_applies_it_is_a_copy(exported: Export) -> None:
    captured, samples = exported(nn.Linear(4, 4), [{"input": torch.ones(1, n, 4)} for n in (3, 5, 4)])
    actual = recover(captured, samples)
    assert actual.applied == {}
    assert actual.model is not captured.model
    assert operators(actual.model) == operators(captured.model)


def test_names_of_the_rules_are_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def test_layers_compute_one_mask(side_by_side: Export) -> None:
    def scores(q: Tensor, k: Tensor, seen: Tensor) -> Tensor:
        return (q @ k.mT / 2).masked_fill(seen[:, None, None, :] == 0, torch.finfo(torch.float32).min)

    captured, samples = side_by_side({f"layer_{i}": partial(Hand, scores) for i in range(2)})
    model = recover(captured, samples).model
    masks = {node.inputs[3] for node in model.graph if node.op_type == "Attention"}
    assert len(masks) == 1
    assert operators(captured.model)["Where"] == 2
    assert operators(model)["Where"] == 1
