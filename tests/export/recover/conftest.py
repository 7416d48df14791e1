"""Attention written by hand in many spellings, side by side in one module: one capture serves them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import onnx_ir as ir
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of

WIDTH = 8
LENGTHS = (5, 9, 3, 12)

Spelling = Callable[[Tensor, Tensor, Tensor], Tensor]


class Hand(nn.Module):
    """Attention of x to context; ``scores`` makes (B, H, S, T) of query, keys (B, H, ., D), seen (B, T)."""

    def __init__(self, scores: Spelling, heads: int, *, bias: tuple[bool, bool, bool]) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=b) for b in bias)
        self.scores, self.heads = scores, heads

    def forward(self, x: Tensor, seen: Tensor, context: Tensor | None = None) -> Tensor:
        source = x if context is None else context
        q, k, v = (
            layer(t).view(t.size(0), -1, self.heads, WIDTH // self.heads).transpose(1, 2)  # (B, H, S|T, D)
            for layer, t in ((self.query, x), (self.key, source), (self.value, source))
        )
        mixed = self.scores(q, k, seen).softmax(-1) @ v  # (B, H, S, D)
        return mixed.transpose(1, 2).contiguous().view(x.size(0), -1, WIDTH)  # (B, S, W)


class SideBySide(nn.Module):
    """Parts that take the same inputs; the outputs are called after them."""

    def __init__(self, parts: Mapping[str, Callable[[], nn.Module]]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.parts = nn.ModuleDict({name: part() for name, part in parts.items()})

    def forward(self, x: Tensor, seen: Tensor) -> dict[str, Tensor]:
        return {f"{name}.output": part(x, seen) for name, part in self.parts.items()}


class Across(SideBySide):
    """The same, from x to a context of another length."""

    def forward(self, x: Tensor, seen: Tensor, context: Tensor) -> dict[str, Tensor]:
        return {f"{name}.output": part(x, seen, context) for name, part in self.parts.items()}


@pytest.fixture(scope="session")
def hand() -> Callable[..., Callable[[], nn.Module]]:
    """A function that returns the making of a hand-written attention."""

    def making(
        scores: Spelling, heads: int = 2, bias: tuple[bool, bool, bool] = (True, True, True)
    ) -> Callable[[], nn.Module]:
        return lambda: Hand(scores, heads, bias=bias)

    return making


@pytest.fixture(scope="session")
def side_by_side(
    exported: Callable[..., tuple[Captured, Samples]],
) -> Callable[..., tuple[Captured, Samples]]:
    """A function that captures parts side by side, on samples of several lengths or of one."""

    def build(
        parts: Mapping[str, Callable[[], nn.Module]], lengths: tuple[int, ...] = LENGTHS
    ) -> tuple[Captured, Samples]:
        return exported(SideBySide(parts), [_sample(length) for length in lengths])

    return build


@pytest.fixture(scope="session")
def across(exported: Callable[..., tuple[Captured, Samples]]) -> Callable[..., tuple[Captured, Samples]]:
    """A function that captures cross-attentions side by side; ``seen`` and ``context`` have one length."""

    def build(parts: Mapping[str, Callable[[], nn.Module]]) -> tuple[Captured, Samples]:
        raw = []
        for length in LENGTHS:
            sample = _sample(length + 2)
            raw.append({"x": sample["x"][:, :length], "seen": sample["seen"], "context": sample["x"]})
        return exported(Across(parts), raw)

    return build


@pytest.fixture(scope="session")
def operators_of() -> Callable[[ir.Model, str], list[str]]:
    """A function that lists the operators that came from one part, or from within it."""

    def operators(model: ir.Model, part: str) -> list[str]:
        path = f"parts.{part}"
        return [
            node.op_type
            for node in model.graph
            if module_of(node) == path or module_of(node).startswith(f"{path}.")
        ]

    return operators


def _sample(length: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(length)
    x = torch.randn(1, length, WIDTH, generator=generator)
    return {"x": x, "seen": torch.ones(1, length, dtype=torch.int64)}
