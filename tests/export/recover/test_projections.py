from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.attention.attention import RecoverAttention
from edgeattn_export.recover.rules.attention.layout import AttentionWithoutTransposes
from edgeattn_export.recover.rules.projections import MergeProjections

TOLERANCE = 1e-5  # of the output's scale
WIDTH = 8

Merged = tuple[Captured, Samples, ir.Model, Applied]


def _scores(q: Tensor, k: Tensor, seen: Tensor) -> Tensor:
    return q @ k.mT / 2


class Shifted(nn.Module):
    """Attention whose query has something added to it that no bias is."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (2, 4)).transpose(1, 2)  # (B, H, S, D)
            for t in (x.sin() + self.query(x), self.key(x), self.value(x))
        )
        return (_scores(q, k, seen).softmax(-1) @ v).transpose(1, 2).flatten(2)


def _merged(captured: Captured, samples: Samples) -> Merged:
    model = captured.model.clone()
    apply(RecoverAttention(), model)
    apply(AttentionWithoutTransposes(), model)
    return captured, samples, model, apply(MergeProjections(), model)


@pytest.fixture(scope="module")
def own(side_by_side: Callable[..., tuple[Captured, Samples]], hand: Callable[..., object]) -> Merged:
    parts = {
        "biased": hand(_scores),
        "unbiased": hand(_scores, bias=(False, False, False)),
        "mixed": hand(_scores, bias=(True, False, True)),
        "shifted": Shifted,
    }
    return _merged(*side_by_side(parts))


@pytest.fixture(scope="module")
def crossed(across: Callable[..., tuple[Captured, Samples]], hand: Callable[..., object]) -> Merged:
    return _merged(*across({"biased": hand(_scores)}))


def _products(model: ir.Model, operators_of: Callable[[ir.Model, str], list[str]], part: str) -> int:
    return operators_of(model, part).count("MatMul")


@pytest.mark.parametrize("part", ["biased", "unbiased"])
def test_three_of_one_input_become_one(
    part: str, own: Merged, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    captured, _, model, _ = own
    assert _products(captured.model, operators_of, part) == 5  # and the two of the attention
    assert _products(model, operators_of, part) == 1
    assert operators_of(model, part).count("Add") == (part == "biased")
    assert operators_of(model, f"{part}.query+key+value").count("MatMul") == 1


def test_the_weights_lie_side_by_side(own: Merged) -> None:
    captured, _, model, _ = own
    module = captured.reference.module.parts["biased"]
    merged = model.graph.initializers["parts.biased.query+key+value.weight"].const_value.numpy()
    expected = torch.cat([layer.weight.T for layer in (module.query, module.key, module.value)], dim=1)
    np.testing.assert_array_equal(merged, expected.detach())


def test_keys_and_values_of_a_context_become_one(
    crossed: Merged, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    _, _, model, applied = crossed
    assert len(applied.sites) == 1
    assert operators_of(model, "biased.key+value").count("MatMul") == 1
    assert operators_of(model, "biased.query").count("MatMul") == 1


def test_some_with_a_bias_and_some_without_are_refused(
    own: Merged, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    _, _, model, applied = own
    reasons = {r.module: r.reason for r in applied.refused}
    assert reasons == {
        "parts.mixed": "some of its projections have a bias and some have none; give all or none of them one"
    }
    assert _products(model, operators_of, "mixed") == 3


def test_what_is_more_than_a_projection_is_left_out(
    own: Merged, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    assert operators_of(own[2], "shifted.key+value").count("MatMul") == 1
    assert operators_of(own[2], "shifted.query").count("MatMul") == 1


@pytest.mark.parametrize("which", ["own", "crossed"])
@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(
    which: str, batch: int, request: pytest.FixtureRequest, scaled_error: Callable[..., float]
) -> None:
    captured, samples, model, _ = request.getfixturevalue(which)
    inputs = sized_inputs(samples, captured.axes, {"batch": batch})
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE
