from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import dims
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.recover.rules.folded_heads import unfold_heads

HEADS, SIZE = 2, 4

Mix = Callable[[Tensor, Tensor], Tensor]


class Heads(nn.Module):
    """Query and keys (B, H, S, D), and what ``mix`` makes of them."""

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.pair, self.mix = nn.Linear(8, 2 * HEADS * SIZE), mix

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k = (t.unflatten(-1, (HEADS, SIZE)).transpose(1, 2) for t in self.pair(x).chunk(2, -1))
        return self.mix(q, k)


def _folded(x: Tensor) -> Tensor:
    return x.flatten(0, 1)  # (B*H, S, D)


def _product(q: Tensor, k: Tensor) -> Tensor:
    return (torch.bmm(_folded(q), _folded(k).mT) * 0.5).unflatten(0, (-1, HEADS))


def _softmax(q: Tensor, k: Tensor) -> Tensor:
    return _folded(q @ k.mT).softmax(-1)


def _weights(q: Tensor, k: Tensor) -> Tensor:
    return torch.bmm(_folded((q @ k.mT).softmax(-1)), _folded(k))


def _values_of_a_table(q: Tensor, k: Tensor) -> Tensor:
    return _folded(q.softmax(-1)) @ torch.arange(8.0).view(SIZE, 2)


FIRES: dict[str, Mix] = {"product": _product, "softmax": _softmax, "weights": _weights}
OTHERS: dict[str, Mix] = {
    "no_product": lambda q, k: _folded(q).cos().view(q.shape) + k,
    "softmax_over_queries": lambda q, k: _folded(q @ k.mT).softmax(1),
    "heads_folded_into_rows": lambda q, k: (q @ k.mT).flatten(1, 2).softmax(-1),
    "no_weights": lambda q, k: torch.bmm(_folded((q @ k.mT).cos()), _folded(k)),
    "values_of_a_table": _values_of_a_table,
}


@pytest.fixture(scope="module")
def unfolded(rewrite: Rewrite) -> Rewritten:
    return rewrite(unfold_heads, parts_of(Heads, {**FIRES, **OTHERS}))


def test_fires_and_leaves_others(unfolded: Rewritten) -> None:
    assert unfolded.fired == set(FIRES)


@pytest.mark.parametrize(
    ("part", "computed"), [("product", "MatMul"), ("softmax", "Softmax"), ("weights", "MatMul")]
)
def test_heads_have_an_axis_of_their_own(part: str, computed: str, unfolded: Rewritten) -> None:
    def ranks(model: ir.Model) -> set[int]:
        nodes = (node for node in model.graph if module_of(node) == f"parts.{part}")
        return {len(dims(node.inputs[0])) for node in nodes if node.op_type == computed}

    assert 3 in ranks(unfolded.captured.model)
    assert ranks(unfolded.model) == {4}


@pytest.mark.parametrize(("batch", "sequence"), [(1, 1), (1, 7), (3, 5)])
def test_answers_as_pytorch(batch: int, sequence: int, unfolded: Rewritten) -> None:
    assert unfolded.unlike(batch=batch, sequence=sequence) == {}
