from __future__ import annotations

import torch
from fixture_types import Alike, Export
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import operators

SIDE, WIDTH = 4, 8


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


class Recurrent(nn.Module):
    """Recurrent layers, and weights over their steps, of which there are as many as the input has."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(WIDTH, WIDTH // 2, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, x: Tensor) -> list[Tensor]:
        layers = (layer(x)[0] for layer in (self.lstm, self.gru))  # (B, S, W) each
        return [(steps @ steps.mT).softmax(-1) @ x for steps in layers]


def test_the_steps_of_recurrent_layers_stay_dynamic(alike: Alike) -> None:
    raw = [{"x": torch.randn(2, length, WIDTH)} for length in (6, 13, 8)]
    captured = alike(Recurrent(), raw, [{"x": torch.randn(3, 21, WIDTH)}])
    assert captured.notes == ()  # the first way led on
    assert [operators(captured.model)[kind] for kind in ("LSTM", "GRU")] == [2, 1]
