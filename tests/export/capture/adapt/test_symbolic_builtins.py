from __future__ import annotations

import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike, Export
from torch import Tensor, nn
from torch.nn.functional import pad

from edgeattn_export.capture.adapt.own_names import meaning
from edgeattn_export.capture.adapt.symbolic_builtins import SYMBOLIC_NUMBERS, SYMBOLIC_SIZES
from edgeattn_runtime.errors import CaptureError

WIDTH, SIDE = 4, 2
GRIDS = (4, 2), (2, 6), (5, 3), (3, 4)  # rows and columns of samples, some of which fill no whole windows
LENGTHS = (5, 9, 7)
WINDOW = 16


class Image(nn.Module):
    """Orders the patches of an image by windows, and sums what stands before each window's end."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        order, bounds = [], [0]
        for height, width in grid.tolist():
            rows, columns = int(height), int(width)
            more_rows, more_columns = -rows % SIDE, -columns % SIDE
            places = torch.arange(rows * columns).reshape(rows, columns)
            padded = pad(places, (0, more_columns, 0, more_rows), value=-1)
            windows = padded.reshape((rows + more_rows) // SIDE, SIDE, (columns + more_columns) // SIDE, SIDE)
            windows = windows.transpose(1, 2).reshape(-1, SIDE**2)
            order.append(windows[windows != -1] + int(rows > 1) - 1)
            bounds.extend((windows != -1).sum(-1).cumsum(0).tolist())
        ends = torch.tensor(bounds, dtype=torch.int32)
        return torch.stack([x[torch.cat(order)].mean(0), x.sum(0) * ends[1]]) * ends.sum()


class ByValue(nn.Module):
    """Decides by a value."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return x * 2 if int(grid[0, 0]) > 3 else x * 3


class Queries(nn.Module):
    """Gives each sample of a batch the same queries, as detectors do, and sums vectors within windows."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.queries = nn.Parameter(torch.randn(1, 3, WIDTH))
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        length = x.shape[1]
        windows = [x[:, n : min(length, n + WINDOW)].cumsum(1) for n in range(0, length, WINDOW)]
        queries = self.queries.expand(len(x), -1, -1)  # (batch, 3, W)
        return {"queries": self.attention(queries, x, x)[0] / len([x]), "windows": torch.cat(windows, 1)}


class Turns(nn.Module):
    """Doubles all for each window."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(0, x.shape[1], WINDOW):
            x = x * 2
        return x


class Steps(nn.Module):
    """Takes one step for each vector."""

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros_like(x[:, 0])
        for i in range(x.shape[1]):
            state = torch.tanh(state + x[:, i])
        return state


def image(grid: tuple[int, int]) -> dict[str, Tensor]:
    return {"x": torch.randn(grid[0] * grid[1], WIDTH), "grid": torch.tensor([grid])}


def samples(*lengths: int, batch: int = 2) -> list[dict[str, Tensor]]:
    return [{"x": torch.randn(batch, length, WIDTH)} for length in lengths]


def test_numbers_that_are_read_stay_free(alike: Alike) -> None:
    alike(Image(), map(image, GRIDS), map(image, [(1, 1), (7, 7), (2, 2)]))


def test_sizes_stay_free_within_a_window_longer_than_the_samples(alike: Alike) -> None:
    captured = alike(Queries(), samples(*LENGTHS), [*samples(2, WINDOW, batch=1), *samples(12, batch=3)])
    assert captured.symbols["batch"].max is None
    assert captured.symbols["sequence"].max == WINDOW
    (note,) = captured.notes  # none of another strategy, which a plain number would need
    assert "sequence is" in note


@pytest.mark.parametrize(
    ("module", "raw", "code"),
    [
        (ByValue(), [image(grid) for grid in GRIDS], "return x"),
        (Turns(), samples(5, WINDOW + 3, 9), "for _ in range"),
        (Steps(), samples(*LENGTHS), "for i in range"),
    ],
)
def test_what_decides_is_refused_with_its_line(
    module: nn.Module, raw: list[dict[str, Tensor]], code: str, exported: Export
) -> None:
    with pytest.raises(CaptureError, match=rf"test_symbolic_builtins\.py, line \d+, in forward \({code}"):
        exported(module, raw)


def test_outside_and_of_all_else_they_are_python_s_own() -> None:
    with meaning(Queries(), {**SYMBOLIC_SIZES, **SYMBOLIC_NUMBERS}):
        assert int("11", 2) == 3
        assert isinstance(3, int)
        assert not isinstance(3.0, int)
        assert issubclass(bool, int)
        assert len("abc") == 3
        assert len(torch.zeros(5, 2)) == 5
        with pytest.raises(TypeError, match="0-d"):
            len(torch.tensor(1.0))
        assert list(range(5, 0, -2)) == [5, 3, 1]
        assert isinstance(range(3), range)
    assert not {"int", "len", "range"} & globals().keys()
