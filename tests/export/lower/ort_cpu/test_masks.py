from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.shapes import shaped
from edgeattn_export.lower.ort_cpu.engine import ORT_CPU
from edgeattn_export.recover import Recovered, recover

TOLERANCE = 1e-5  # of the output's scale: float sums in another order
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


class Each(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.parts = nn.ModuleDict({name: part() for name, part in PARTS.items()})

    def forward(self, x: Tensor, seen: Tensor) -> dict[str, Tensor]:
        return {f"{name}.output": part(x, seen) for name, part in self.parts.items()}


@pytest.fixture(scope="module")
def each(exported: Callable[..., tuple[Captured, Samples]]) -> tuple[Captured, Samples, Recovered]:
    generator = torch.Generator().manual_seed(0)
    raw = [
        {
            "x": torch.randn(1, length, WIDTH, generator=generator),
            "seen": torch.ones(1, length, dtype=torch.int64),
        }
        for length in (6, 3, 9, 5)
    ]
    captured, samples = exported(Each(), raw)
    return captured, samples, recover(captured, samples)


@pytest.mark.parametrize("part", PARTS)
def test_pytorchs_attention_keeps_its_operator(part: str, each: tuple[Captured, Samples, Recovered]) -> None:
    captured, _, lean = each
    for model in (captured.model, lean.model):
        operators = [node.op_type for node in model.graph if module_of(node).startswith(f"parts.{part}")]
        assert operators.count("Attention") == 1
        assert "Softmax" not in operators


@pytest.mark.parametrize("stage", ["captured", "recovered"])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 5), (2, 16)])
def test_and_answers_under_a_mask_that_onnxruntime_does_not_broadcast(
    stage: str,
    sizes: tuple[int, int],
    each: tuple[Captured, Samples, Recovered],
    scaled_error: Callable[..., float],
) -> None:
    captured, samples, lean = each
    inputs = dict(shaped(samples, captured.axes, dict(zip(("batch", "sequence"), sizes, strict=True))))
    inputs["seen"][-1, 1:] = 0  # all but one
    found = ORT_CPU.runner(captured.model if stage == "captured" else lean.model)(inputs)
    assert scaled_error(captured.reference(inputs), found) < TOLERANCE


def test_a_mask_that_fits_is_left_as_it_is(each: tuple[Captured, Samples, Recovered]) -> None:
    expanded = {
        module_of(node).split(".")[1]
        for node in each[0].model.graph
        if node.op_type == "Attention"
        and len(node.inputs) > 3
        and node.inputs[3].producer().op_type == "Expand"
    }
    assert {"boolean_of_keys", "additive_of_keys", "multihead"} <= expanded
    assert "written_out" not in expanded
