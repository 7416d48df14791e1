from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import torch
from rewritten import Rewritten, RuleTests
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


def _ranks(model: ir.Model, part: str) -> set[int]:
    """Return the ranks of what the products, or the softmax, of a part are computed on."""
    computed = "Softmax" if part == "softmax" else "MatMul"
    nodes = (node for node in model.graph if module_of(node) == f"parts.{part}")
    return {len(dims(node.inputs[0])) for node in nodes if node.op_type == computed}


class TestFoldedHeads(RuleTests):
    rule, part, fires, others = unfold_heads, Heads, FIRES, OTHERS
    sizes = ({"batch": 1, "sequence": 1}, {"batch": 1, "sequence": 7}, {"batch": 3, "sequence": 5})

    def test_heads_have_an_axis_of_their_own(self, rewritten: Rewritten) -> None:
        for part in FIRES:
            assert 3 in _ranks(rewritten.captured.model, part)
            assert _ranks(rewritten.model, part) == {4}
