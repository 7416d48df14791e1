"""A family whose layers plain int8 spoils is exported in the recipe that a search finds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hub import stages
from hub.building import Built
from hub.outcome import Family, Record
from torch import Tensor, nn

WIDTH = 64
LOUD = 300.0  # how far one feature reaches beyond the others, of which one step a row then leaves little


class Lopsided(nn.Module):
    """A layer that hardly reads the feature that is louder than all others."""

    def __init__(self, loud: float) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.reach = torch.tensor([loud] + [1.0] * (WIDTH - 1))
        with torch.no_grad():
            self.layer.weight /= self.reach

    def forward(self, x: Tensor) -> Tensor:
        """Map `x` (B, S, W); the shape stays."""
        return self.layer(x * self.reach)


@pytest.mark.parametrize(("loud", "searched"), [(LOUD, True), (1.0, False)])
def test_what_plain_int8_spoils_is_searched_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loud: float, searched: bool
) -> None:
    torch.manual_seed(0)
    made = Built(
        Lopsided(loud).eval(),
        {"x": lambda size, draw: torch.randn(size.batch, size.length, WIDTH, generator=draw)},
        1,
    )
    monkeypatch.setattr(stages, "built", lambda family: made)
    record = Record(Family("transformers", "lopsided"), tmp_path / "record.json")
    stages.take(record)
    assert record.outcome.fate == "passing"
    assert record.outcome.searched == searched
    assert record.outcome.cosine is not None
    assert record.outcome.cosine >= stages.INT8_COSINE
