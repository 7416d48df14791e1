from __future__ import annotations

import torch
from draws import drawn_seed
from fixture_types import Alike
from torch import Tensor, nn

WIDTH = 40


class Operators(nn.Module):
    """Operators that are translated otherwise, on x (B, S, W) of which many numbers are equal."""

    def __init__(self) -> None:
        super().__init__()
        self.bounds = nn.Buffer(torch.tensor([0.0, 1.0, 1.0, 2.0]))

    def forward(self, x: Tensor) -> dict[str, object]:
        whole, first = x.long(), x[..., 0].contiguous()
        bound, last = self.bounds, torch.full((x.shape[0], 1), x.shape[1] - 1)
        written = x.clone()
        written[:, 1:3] = -1
        return {
            "largest": [tuple(torch.cummax(x, axis)) for axis in (1, -1)],
            "smallest": [tuple(torch.cummin(whole, axis)) for axis in (1, -1)],
            "falling": [tuple(x.sort(dim=axis, descending=True, stable=True)) for axis in (1, -1)],
            "rising": tuple(x.sort(dim=1, stable=True)),
            "place": torch.searchsorted(bound, x),
            "place_behind": torch.searchsorted(bound, x, right=True),
            "place_int32": torch.searchsorted(bound, x, side="right", out_int32=True),
            "place_in_row": torch.searchsorted(first, x[..., 1].contiguous(), sorter=first.sort()[1]),
            "axis_of_1": x.unsqueeze(-2).squeeze(1).squeeze(-2) * 2,
            "rows": x * first.gather(1, last).squeeze()[..., None, None],  # a number, where B is 1
            "written": written,
        }


def test_operators_are_pytorchs_at_any_size(alike: Alike) -> None:
    draw = torch.Generator().manual_seed(drawn_seed(0))

    def inputs(batch: int, length: int) -> dict[str, Tensor]:
        return {"x": torch.randint(-3, 4, (batch, length, WIDTH), generator=draw).float()}

    alike(Operators(), [inputs(2, n) for n in (5, 9, 7)], [inputs(1, 12), inputs(3, 70)])


class Repeated(nn.Module):
    def forward(self, x: Tensor, counts: Tensor) -> dict[str, Tensor]:
        first, second = counts.tolist()
        tables = x.reshape(2, 2, 3)
        return {
            "own": torch.repeat_interleave(counts).float(),
            "listed": torch.repeat_interleave(counts, output_size=first + second) * 1.5,
            "rows": x.repeat_interleave(counts, 0),
            **{str(axis): tables.repeat_interleave(second + 1, axis) for axis in (0, 1, -1)},
            "flat": x.repeat_interleave(second + 1),
            "twice": tables.repeat_interleave(2, 1),
        }


def test_counts_are_any_numbers(alike: Alike) -> None:
    def inputs(counts: tuple[int, int]) -> dict[str, Tensor]:
        return {"x": torch.randn(2, 6), "counts": torch.tensor(counts)}

    alike(Repeated(), map(inputs, [(2, 3), (1, 4), (5, 1), (0, 6)]), map(inputs, [(3, 0), (7, 2)]))
