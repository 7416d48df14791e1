"""The export's own proof sees every channel, at the size of every sample."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError

WIDTH = 8
BETWEEN = 6  # a length that is neither an end, nor the middle, nor the next one to any of these
LENGTHS = (3, 4, 5, BETWEEN, 8, 9, 11, 12)


def _raw() -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(drawn_seed(0))
    return [{"x": torch.randn(1, length, WIDTH, generator=generator)} for length in LENGTHS]


class Boxes(nn.Module):
    """Two large channels, and a small one whose sign hangs on the length."""

    def __init__(self, sign: Callable[[int], int]) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.head = nn.Linear(WIDTH, 2)
        self.sign = sign

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        large = self.head(x.tanh()).mean(1) + 300
        return {"boxes": torch.cat([large, 0.002 * self.sign(x.shape[1]) * (large[:, :1] - 299)], 1)}


@pytest.mark.parametrize(
    ("sign", "lengths"),
    [
        (lambda length: 1 if length % 2 else -1, LENGTHS),
        (lambda length: -1 if length in (BETWEEN, 10**6) else 1, (BETWEEN,)),
    ],
)
def test_a_small_channel_is_wrong_at_some_sizes(
    sign: Callable[[int], int], lengths: tuple[int, ...], exported: Export
) -> None:
    with pytest.raises(CaptureError, match=r"output 'boxes' differs in channel 2 by") as error:
        exported(Boxes(sign), _raw())
    assert any(f"on inputs {{'x': (1, {length}, {WIDTH})}}" in str(error.value) for length in lengths)


def test_a_small_channel_that_is_right_everywhere(exported: Export) -> None:
    captured, _ = exported(Boxes(lambda _: -1), _raw())
    assert all(symbol == Symbol(1, None) for symbol in captured.symbols.values())
