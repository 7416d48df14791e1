from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from fixture_types import Alike, Export
from torch import Tensor, nn

from edgeattn_export.capture.adapt import Adapted
from edgeattn_runtime.errors import CaptureError

WIDTH, LONGEST = 8, 32


class Rotary(nn.Module):
    """Rotary positions (B, S, H, D) as complex products (Su et al. 2021, section 3.4.2)."""

    def __init__(self, turn: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        angles = torch.arange(LONGEST)[:, None] * 10.0 ** -torch.arange(WIDTH // 4)  # (S, D/2)
        self.register_buffer("turns", torch.polar(torch.ones_like(angles), angles))
        self.turn = turn

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(-1, (2, -1))  # (B, S, H, D)
        pairs = torch.view_as_complex(heads.reshape(*heads.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * self.turn(self.turns[: x.size(1)])).flatten(2)


def _raw() -> list[dict[str, Tensor]]:
    return [{"x": torch.randn(1, length, WIDTH)} for length in (5, 9, 7)]


@pytest.mark.parametrize(
    "turn",
    [
        lambda z: z[:, None],
        lambda z: z[None, ..., None, :],
        lambda z: z.unsqueeze(-2),
        lambda z: z.view(1, z.size(0), 1, z.size(1)),
        lambda z: z.reshape([z.size(0), 1, z.size(1)]).expand(-1, 2, -1),
    ],
)
def test_pairs_are_moved_as_complex_numbers_are(turn: Callable[[Tensor], Tensor]) -> None:
    z = torch.randn(5, 2, dtype=torch.complex64)
    with Adapted():
        actual = turn(z)
    torch.testing.assert_close(actual, turn(z), rtol=0, atol=0)


def test_rotary_positions_by_complex_numbers(alike: Alike) -> None:
    alike(Rotary(lambda z: z[:, None]), _raw(), [{"x": torch.randn(3, 6, WIDTH)}])


def test_a_complex_operator_beyond_onnx_is_told_with_its_line(exported: Export) -> None:
    named = r"^Rotary .*aten\.log .*test_complex_pairs\.py, line \d+, in forward \(.*torch\.view_as_real"
    with pytest.raises(CaptureError, match=named):
        exported(Rotary(lambda z: z.log()[:, None]), _raw())
