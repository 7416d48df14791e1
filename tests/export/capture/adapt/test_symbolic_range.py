from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture.adapt.own_names import meaning
from edgeattn_export.capture.adapt.symbolic_builtins import SYMBOLIC_SIZES
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_runtime.errors import CaptureError

LENGTHS = (5, 9, 7)
WINDOW = 16


class Windows(nn.Module):
    """Sums each vector with those before it in its window."""

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        windows = []
        for start in range(0, length, WINDOW):
            end = min(length, start + WINDOW)
            windows.append(x[:, start:end].cumsum(1))
        return torch.cat(windows, 1)


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


def samples(lengths: tuple[int, ...] = LENGTHS) -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(0)
    return [{"x": torch.randn(2, n, 4, generator=draw)} for n in lengths]


@pytest.mark.parametrize(("batch", "sequence"), [(1, 2), (3, 12), (2, WINDOW)])
def test_windows_longer_than_the_samples_are_of_any_size_within_one(
    batch: int, sequence: int, exported: Export
) -> None:
    captured, real = exported(Windows(), samples())
    inputs = sized_inputs(real, captured.axes, {"batch": batch, "sequence": sequence})
    actual = captured.engine.runner(captured.model)(inputs)["output"]
    np.testing.assert_allclose(actual, captured.reference(inputs)["output"], rtol=1e-5, atol=1e-5)


def test_a_size_of_more_windows_is_beyond_the_contract(exported: Export) -> None:
    captured, _ = exported(Windows(), samples())
    assert captured.symbols["sequence"].max == WINDOW
    assert any("sequence is" in note for note in captured.notes)


def test_samples_of_different_numbers_of_windows_are_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_symbolic_range\.py, line \d+, in forward"):
        exported(Turns(), samples((5, WINDOW + 3, 9)))


def test_a_step_for_each_place_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_symbolic_range\.py, line \d+, in forward \(for i in range"):
        exported(Steps(), samples())


def test_outside_and_of_plain_numbers_it_is_python_s_own() -> None:
    with meaning(Windows(), SYMBOLIC_SIZES):
        assert list(range(5, 0, -2)) == [5, 3, 1]
        assert isinstance(range(3), range)
    assert "range" not in globals()
