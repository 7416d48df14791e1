"""PyTorch's own attention, under masks that onnxruntime does not broadcast: from a module to its answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fixture_types import Export
from rewritten import attention_of, unlike_pytorch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import producer
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_cpu.masks import MASK
from edgeattn_export.recover import Recovered, recover

WIDTH, HEADS = 8, 2


class Standard(nn.Module):
    """PyTorch's own operator, under a mask of some dims."""

    def __init__(self, mask: Callable[[Tensor], Tensor] | None, *, is_causal: bool = False) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.mask, self.is_causal = mask, is_causal

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        mask = self.mask(seen) if self.mask else None
        return (
            scaled_dot_product_attention(q, k, v, mask, is_causal=self.is_causal).transpose(1, 2).flatten(2)
        )


class Multihead(nn.Module):
    """PyTorch's own layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.layer(x, x, x, key_padding_mask=seen == 0, need_weights=False)[0]


PARTS = {
    "no_mask": lambda: Standard(None),
    "causal": lambda: Standard(None, is_causal=True),
    "boolean_of_keys": lambda: Standard(lambda seen: seen[:, None, None, :].bool()),
    "additive_of_keys": lambda: Standard(lambda seen: (1.0 - seen[:, None, None, :].float()) * -1e4),
    "written_out": lambda: Standard(lambda seen: (seen[:, None, :, None] * seen[:, None, None, :]).bool()),
    "of_every_head": lambda: Standard(
        lambda seen: seen[:, None, None, :].bool().expand(-1, HEADS, seen.size(1), -1)
    ),
    "multihead": Multihead,
}


@pytest.fixture(scope="module")
def each(side_by_side: Export) -> tuple[Captured, Samples, Recovered]:
    captured, samples = side_by_side(PARTS)
    return captured, samples, recover(captured, samples)


@pytest.mark.parametrize("part", PARTS)
def test_pytorchs_attention_keeps_its_operator(part: str, each: tuple[Captured, Samples, Recovered]) -> None:
    captured, _, recovered = each
    for model in (captured.model, recovered.model):
        attention_of(model, part)


@pytest.mark.parametrize("stage", ["captured", "recovered"])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 5), (2, 16)])
def test_it_answers_under_a_mask_that_onnxruntime_does_not_broadcast(
    stage: str, sizes: tuple[int, int], each: tuple[Captured, Samples, Recovered]
) -> None:
    captured, samples, recovered = each
    model = captured.model if stage == "captured" else recovered.model
    axes = dict(zip(("batch", "sequence"), sizes, strict=True))
    assert unlike_pytorch(captured, samples, model, shown=1, **axes) == {}


def test_a_mask_that_fits_is_left_as_it_is(each: tuple[Captured, Samples, Recovered]) -> None:
    expanded = {
        module_of(node).split(".")[1]
        for node in ORT_CPU.ready(each[0].model).graph
        if node.op_type == "Attention"
        and len(node.inputs) > MASK
        and producer(node.inputs[MASK], "Expand") is not None
    }
    assert {"boolean_of_keys", "additive_of_keys", "multihead"} <= expanded
    assert "written_out" not in expanded
