"""What a family's way notes: its error as a share, and a search where plain int8 spoils its layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hub import stages
from hub.building import Built
from hub.outcome import Family, Record
from hub.stages import share
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


def test_an_error_is_a_share_of_the_largest_number() -> None:
    expected = np.array([0.0, -4.0])
    assert share(expected, np.array([1.0, -4.0])) == 0.25
    assert share(np.zeros(2), np.array([0.0, 2.0])) == 2.0


def test_an_infinity_of_both_is_left_out() -> None:
    expected = np.array([-np.inf, 2.0])
    assert share(expected, np.array([-np.inf, 1.0])) == 0.5
    assert share(expected, np.array([0.0, 2.0])) == np.inf


def test_a_nan_or_other_dims_are_no_match() -> None:
    number = np.ones(2)
    assert share(number, np.array([1.0, np.nan])) == np.inf
    assert share(np.array([1.0, np.nan]), number) == np.inf
    assert share(number, np.ones((1, 2))) == np.inf
