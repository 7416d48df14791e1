from __future__ import annotations

import torch
from fixture_types import Export
from torch import Tensor, nn

SIDE, WIDTH = 4, 3


class Levels(nn.Module):
    """Reads the sides of an image off a list of all levels' sides."""

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = torch.tensor([[SIDE, SIDE + 1]])[0].tolist()
        places = torch.arange(rows)[:, None] * torch.arange(columns)
        assert columns == SIDE + 1
        return x.view(x.shape[0], rows, columns, WIDTH) * places[..., None]


def test_a_short_list_of_constants_is_known(exported: Export) -> None:
    x = torch.randn(2, SIDE * (SIDE + 1), WIDTH)
    captured, _ = exported(Levels(), [{"x": x}, {"x": x[:1]}, {"x": x}])
    assert captured.notes == ()
    assert captured.graph.outputs[0].dims[1:] == (SIDE, SIDE + 1, WIDTH)
