"""What a search sends: layers, which may take less than the way to a device, share requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgeattn import pipeline
from edgeattn.devices import steady
from edgeattn.devices.connection import Connection
from edgeattn.devices.host import RACES_PER_REQUEST, DeviceHost
from edgeattn.devices.places import places
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.module import ModuleSource
from edgeattn_export.search.cost import ROUNDS
from edgeattn_export.targets import TARGETS

LAYERS = RACES_PER_REQUEST + 3  # no two alike, so that each is raced
WIDTHS = [8 + 4 * i for i in range(LAYERS + 1)]


class Widening(nn.Module):
    """Layers of which each is a little wider than the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(WIDTHS))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


def test_the_layers_of_a_search_are_raced_in_full_batches(
    board: DeviceHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Mapping[str, Any]] = []
    ask = Connection.ask

    def noted(connection: Connection, verb: str, request: Mapping[str, Any], *more: Any) -> Any:
        sent.extend([request] if verb == "time" else [])
        return ask(connection, verb, request, *more)

    monkeypatch.setattr(Connection, "ask", noted)
    monkeypatch.setattr(steady, "REPEATS", 0)  # each is sent once
    monkeypatch.setattr(steady, "USELESS", math.inf)  # however busy the machine
    torch.manual_seed(0)
    raw = [{"x": torch.randn(1, 3 + i % 5, WIDTHS[0])} for i in range(24)]
    source = ModuleSource.of(Widening().eval(), raw, "widening")
    found = places([board.connection], [TARGETS["cpu"]])
    pipeline.run(source, Request.read("cpu", {"cosine": 0.5}, FASTEST, places=found), Silent())
    layers = [len(request["races"]) for request in sent if _is_of_layers(request)]
    assert layers == [RACES_PER_REQUEST, LAYERS - RACES_PER_REQUEST]


def _is_of_layers(request: Mapping[str, Any]) -> bool:
    return all(race["rounds"] == asdict(ROUNDS) for race in request["races"])
