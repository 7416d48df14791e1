from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover
from edgeattn_export.recover.rules.averaged_weights import MixByHead

TOLERANCE = 1e-5  # of the output's scale

Averaged = tuple[Captured, Samples, ir.Model, Applied]
Mix = Callable[[Tensor, Tensor], Tensor]


class Interpretable(nn.Module):
    """Two heads of queries and keys, and values that both share."""

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.query, self.key, self.value = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 4)
        self.mix = mix

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k = (layer(x).unflatten(-1, (2, 4)).transpose(1, 2) for layer in (self.query, self.key))
        return self.mix((q @ k.mT / 2).softmax(-1), self.value(x))  # (B, H, S, S), (B, S, D)


def _shown(weights: Tensor, v: Tensor) -> Tensor:
    average = weights.mean(1)
    return average @ v + average.sum(-1, keepdim=True)


FIRES = {
    "weights": lambda w, v: w.mean(1) @ v,
    "weights_from_behind": lambda w, v: w.mean(dim=-3) @ v,
}
OTHERS = {
    "mixed_by_head": lambda w, v: (w @ v[:, None]).mean(1),
    "over_queries": lambda w, v: (w.mean(2) @ v)[..., :4],
    "seen_elsewhere": _shown,
}


@pytest.fixture(scope="module")
def averaged(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Averaged:
    parts = {name: lambda mix=mix: Interpretable(mix) for name, mix in {**FIRES, **OTHERS}.items()}
    captured, samples = side_by_side(parts)
    model = captured.model.clone()
    return captured, samples, model, apply(MixByHead(), model)


def test_fires_and_leaves_others(averaged: Averaged) -> None:
    assert {site.module for site in averaged[3].sites} == {f"parts.{name}" for name in FIRES}


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, averaged: Averaged, scaled_error: Callable[..., float]) -> None:
    captured, samples, model, _ = averaged
    inputs = sized_inputs(samples, captured.axes, {"batch": batch, "sequence": 7})
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE


@pytest.mark.parametrize("part", [*FIRES, "mixed_by_head"])
def test_attention_is_whole(
    part: str, averaged: Averaged, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    assert "Attention" in operators_of(recover(averaged[0], averaged[1]).model, part)
