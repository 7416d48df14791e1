from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover
from edgeattn_export.recover.rules.regrouped_bias import RegroupBias

TOLERANCE = 1e-5  # of the output's scale
ROWS, COLUMNS = 3, 4

Regrouped = tuple[Captured, Samples, ir.Model, Applied]


class Map(nn.Module):
    """Attention of each vector's map of learned keys, relative positions by row and column added."""

    def __init__(self, add: str) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(8, 8), nn.Linear(8, 8)
        self.place = nn.Parameter(torch.randn(ROWS * COLUMNS, 8))
        self.rows, self.columns = nn.Linear(8, ROWS), nn.Linear(8, COLUMNS)
        self.add = add

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        places = x.mean(1, keepdim=True) + self.place  # (B, h*w, W)
        q, k = self.query(places), self.key(places)
        scores = q @ k.mT / 3  # (B, h*w, h*w)
        map_of = q.unflatten(1, (ROWS, COLUMNS))  # (B, h, w, W)
        rows, columns = self.rows(map_of)[..., None], self.columns(map_of)[..., None, :]
        split = scores.view(-1, ROWS, COLUMNS, ROWS, COLUMNS)
        added = {"both": split + rows + columns, "turned": columns + (rows + split), "row": split + rows}
        return added[self.add].view(-1, ROWS * COLUMNS, ROWS * COLUMNS).softmax(-1) @ places


@pytest.fixture(scope="module")
def regrouped(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Regrouped:
    captured, samples = side_by_side(
        {name: lambda name=name: Map(name) for name in ("both", "turned", "row")}
    )
    model = captured.model.clone()
    return captured, samples, model, apply(RegroupBias(), model)


def test_fires(regrouped: Regrouped) -> None:
    assert {site.module for site in regrouped[3].sites} == {"parts.both", "parts.turned"}


def test_leaves_what_it_would_have_to_expand(regrouped: Regrouped) -> None:
    assert "parts.row" not in {site.module for site in regrouped[3].sites}


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, regrouped: Regrouped, scaled_error: Callable[..., float]) -> None:
    captured, samples, model, _ = regrouped
    inputs = sized_inputs(samples, captured.axes, {"batch": batch, "sequence": 7})
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE


def test_attention_is_whole(regrouped: Regrouped, operators_of: Callable[[ir.Model, str], list[str]]) -> None:
    model = recover(regrouped[0], regrouped[1]).model
    assert all("Attention" in operators_of(model, part) for part in ("both", "turned"))
