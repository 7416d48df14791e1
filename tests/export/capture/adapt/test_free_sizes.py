from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike
from torch import Tensor, nn
from torch.nn import functional

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.graph.dataflow import operators

WIDTH, SIDE = 4, 2


class Sizes(nn.Module):
    """Calls of which PyTorch makes numbers of the length of x (B, S, W)."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        main, *others = torch.cat([x, x * 2, x - 1], dim=1).chunk(3, dim=1)
        first, second = torch.chunk(x, 2, 1)  # the second is the shorter one of an odd number
        pairs = torch.div(2 * x.shape[1], 2, rounding_mode="trunc")
        return {
            "streams": main + torch.stack(others).sum(0),
            "halves": torch.stack([first.sum(1), second.sum(1)], 1),
            "means": torch.cat([x, x], 1).view(x.shape[0], pairs, 2, WIDTH).mean(2),
            "maxima": functional.max_pool1d(x.mT, 4, 2, padding=1),
        }


def test_sizes_stay_free(alike: Alike) -> None:
    raw = [{"x": torch.randn(2, n, WIDTH)} for n in (5, 9, 7)]
    captured = alike(Sizes(), raw, [{"x": torch.randn(3, 21, WIDTH)}], tolerance=1e-6)
    assert captured.notes == ()  # the first way led on
    assert "SplitToSequence" not in operators(captured.model)


def test_an_axis_of_a_known_size_is_cut_as_before() -> None:
    x = torch.randn(2, 6)
    with Adapted():
        actual = x.chunk(3, 1)
    torch.testing.assert_close(actual, x.chunk(3, 1))


@pytest.mark.parametrize("rounding", ["trunc", "floor"])
def test_the_number_is_the_tensors(rounding: str) -> None:
    with Adapted():
        actual = torch.div(7, 2, rounding_mode=rounding)
    assert isinstance(actual, int)
    assert actual == torch.div(7, 2, rounding_mode=rounding).item() == 3


@pytest.mark.parametrize(
    ("x", "other", "rounding"), [(-7, 2, "trunc"), (7.5, 2, "floor"), (7, 2, None)], ids=str
)
def test_other_divisions_stay_pytorchs(x: float, other: int, rounding: str | None) -> None:
    with Adapted():
        actual = torch.div(x, other, rounding_mode=rounding)
    assert isinstance(actual, Tensor)
    torch.testing.assert_close(actual, torch.div(x, other, rounding_mode=rounding))


@pytest.mark.parametrize(
    ("pool", "arguments"),
    [
        *(
            (pool, arguments)
            for pool in (functional.max_pool1d, torch.max_pool1d)
            for arguments in (
                {"kernel_size": 3},
                {"kernel_size": (2,), "stride": (3,), "padding": (1,)},
                {"kernel_size": 3, "stride": 2, "dilation": 2, "ceil_mode": True},
            )
        ),
        (functional.max_pool1d, {"kernel_size": 3, "return_indices": True}),
        (torch.max_pool1d_with_indices, {"kernel_size": 3}),
    ],
)
def test_the_maxima_are_pytorchs(pool: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    x = torch.randn(2, 3, 11, generator=torch.Generator().manual_seed(drawn_seed(0)))
    with Adapted():
        actual = pool(x, **arguments)
    torch.testing.assert_close(actual, pool(x, **arguments))


class Smaller(nn.Module):
    """Halves the sides of frames; their numbers lie by places then, not by channels, whatever their sizes."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        (frames, rows, columns), = grid  # fmt: skip
        image = x.reshape(frames, rows, columns, WIDTH).permute(0, 3, 1, 2)
        smaller = functional.interpolate(image, size=(rows // SIDE, columns // SIDE), mode="bilinear")
        return smaller.permute(0, 2, 3, 1).view(-1, WIDTH)


def test_a_view_of_as_many_numbers_as_values_say(alike: Alike) -> None:
    def inputs(grid: tuple[int, int, int]) -> dict[str, Tensor]:
        return {"x": torch.randn(grid[0] * grid[1] * grid[2], WIDTH), "grid": torch.tensor([grid])}

    alike(Smaller(), map(inputs, [(2, 4, 2), (3, 2, 6), (4, 6, 4)]), map(inputs, [(5, 8, 8), (1, 2, 2)]))


def test_a_view_that_pytorch_refuses_stays_refused() -> None:
    x = torch.randn(2, 3)
    with Adapted():
        assert x.view(3, 2).data_ptr() == x.data_ptr()
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            x.mT.view(-1)
