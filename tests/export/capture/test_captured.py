from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.manifest import Symbol

LONGEST = 32


def test_a_position_table_bounds_the_sequence(encoder: Captured) -> None:
    assert encoder.symbols == {"batch": Symbol(1, None), "sequence": Symbol(1, LONGEST)}


class Tables(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ids", torch.arange(LONGEST)[None])
        self.positions = nn.Embedding(LONGEST, 4)
        self.short = nn.Parameter(torch.zeros(1, 20, 4))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = x + self.positions(self.ids[:, : x.size(1)]) + self.short[:, : x.size(1)]
        return {"flat": x.flatten(0, 1)}


@pytest.fixture(scope="module")
def tables(exported: Callable[..., tuple[Captured, Samples]]) -> Captured:
    return exported(Tables(), [torch.ones(1, length, 4).split(1) for length in (5, 3, 4)])[0]


def test_the_shortest_table_bounds(tables: Captured) -> None:
    assert tables.symbols["sequence"] == Symbol(1, 20)


def test_a_computed_dim_is_a_symbol_of_its_own(tables: Captured) -> None:
    (flat,) = tables.graph.outputs
    assert flat.dims == ("batch*sequence", 4)
    assert tables.symbols["batch*sequence"] == Symbol(1, None)
