from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.graph.dataflow import operators

WIDTH, HEADS = 8, 2

Shape = tuple[int, ...]


class Seen(TorchFunctionMode):
    """Notes what reaches PyTorch's attention."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[Shape] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is scaled_dot_product_attention:
            self.shapes += [tuple(part.shape) for part in args if part is not None]
        return func(*args, **(kwargs or {}))


def _drawn(*shapes: Shape) -> list[Tensor]:
    draw = torch.Generator().manual_seed(drawn_seed(0))
    return [torch.randn(shape, generator=draw) for shape in shapes]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (((5, 4), (6, 4), (6, 3)), ((1, 1, 5, 4), (1, 1, 6, 4), (1, 1, 6, 3))),
        (((2, 5, 4), (2, 6, 4), (2, 6, 4)), ((2, 1, 5, 4), (2, 1, 6, 4), (2, 1, 6, 4))),
        (((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4)), ((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4))),
        (((2, 3, 5, 4), (2, 1, 6, 4), (2, 1, 6, 4)), ((2, 3, 5, 4), (2, 1, 6, 4), (2, 1, 6, 4))),
        (((2, 3, 5, 4), (2, 1, 6, 4), (2, 3, 6, 4)), ((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4))),
        (((2, 1, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4)), ((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4))),
        (((2, 3, 5, 4), (1, 3, 6, 4), (3, 6, 4)), ((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4))),
        (((2, 3, 5, 4), (6, 4), (6, 4)), ((2, 3, 5, 4), (2, 1, 6, 4), (2, 1, 6, 4))),
        (((2, 2, 3, 5, 4), (2, 2, 3, 6, 4), (2, 2, 3, 6, 4)), ((4, 3, 5, 4), (4, 3, 6, 4), (4, 3, 6, 4))),
        (((2, 2, 3, 5, 4), (2, 1, 1, 6, 4), (1, 2, 1, 6, 4)), ((4, 3, 5, 4), (4, 1, 6, 4), (4, 1, 6, 4))),
    ],
)
def test_every_part_gets_four_axes(given: tuple[Shape, ...], made: tuple[Shape, ...]) -> None:
    parts = _drawn(*given)
    with Seen() as seen, Adapted():
        actual = scaled_dot_product_attention(*parts)
    assert tuple(seen.shapes) == made
    torch.testing.assert_close(actual, scaled_dot_product_attention(*parts))


@pytest.mark.parametrize(
    ("leading", "mask", "made"),
    [
        ((), (5, 6), (5, 6)),
        ((2,), (5, 6), (5, 6)),
        ((2,), (2, 1, 6), (2, 1, 1, 6)),
        ((2, 3), (3, 5, 6), (1, 3, 5, 6)),
        ((2, 3), (2, 1, 1, 6), (2, 1, 1, 6)),
        ((2, 2, 3), (1, 6), (1, 6)),
        ((2, 2, 3), (1, 1, 3, 5, 6), (1, 3, 5, 6)),
        ((2, 2, 3), (2, 1, 1, 1, 6), (4, 1, 1, 6)),
        ((2, 2, 3), (2, 1, 5, 6), (4, 1, 5, 6)),
    ],
)
def test_the_mask_follows(leading: Shape, mask: Shape, made: Shape) -> None:
    *parts, laid = _drawn(*((*leading, length, 4) for length in (5, 6, 6)), mask)
    with Seen() as seen, Adapted():
        actual = scaled_dot_product_attention(*parts, attn_mask=laid > -1)
    assert seen.shapes[3] == made
    torch.testing.assert_close(actual, scaled_dot_product_attention(*parts, attn_mask=laid > -1))


@pytest.mark.parametrize(
    ("query", "keys", "values"),
    [
        ((2, 4, 5, 4), (2, 2, 5, 4), (2, 2, 5, 4)),
        ((2, 4, 5, 4), (2, 4, 5, 4), (2, 4, 5, 4)),
        ((2, 4, 5, 4), (2, 2, 5, 4), (2, 1, 5, 4)),
        ((4, 5, 4), (2, 5, 4), (2, 5, 4)),
        ((2, 3, 4, 5, 4), (2, 3, 2, 5, 4), (2, 3, 2, 5, 4)),
    ],
)
def test_heads_are_shared(query: Shape, keys: Shape, values: Shape) -> None:
    q, k, v = _drawn(query, keys, values)
    with Seen() as seen, Adapted():
        actual = scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3, enable_gqa=True)
    assert [len(shape) for shape in seen.shapes] == [4, 4, 4]
    assert seen.shapes[1][1] == seen.shapes[2][1]
    torch.testing.assert_close(
        actual, scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3, enable_gqa=True)
    )


class Frames(nn.Module):
    """Attention within each of three frames, of one head of keys, called by name."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (
            nn.Linear(WIDTH, n) for n in (WIDTH, WIDTH // HEADS, WIDTH // HEADS)
        )

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = torch.stack([x, x * 2, x * 3], 1)  # (B, F, S, W)
        mixed = scaled_dot_product_attention(
            query=self.query(x).unflatten(-1, (HEADS, -1)).transpose(2, 3),  # (B, F, H, S, D)
            key=self.key(x)[:, :, None],  # (B, F, 1, S, D)
            value=self.value(x)[:, :, None],
            attn_mask=seen[:, None, None, None] > 0,
        )
        return mixed.transpose(2, 3).flatten(3)  # (B, F, S, W)


def test_axes_that_are_folded_stay_dynamic(alike: Alike) -> None:
    def inputs(batch: int, length: int) -> dict[str, Tensor]:
        return {"x": torch.randn(batch, length, WIDTH), "seen": torch.ones(batch, length, dtype=torch.int64)}

    captured = alike(Frames(), [inputs(1, length) for length in (5, 9, 7)], [inputs(3, 6)])
    assert operators(captured.model)["Attention"] == 1
