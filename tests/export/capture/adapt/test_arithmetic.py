from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from fixture_types import Alike
from torch import Tensor, nn

from edgeattn_export.capture.adapt import Adapted

Formula = Callable[[Tensor], Tensor]

FORMULAS: dict[str, Formula] = {
    "from_a_number": lambda mask: 1.0 - mask,
    "from_a_whole_number": lambda mask: 1 - mask,
    "by_name": lambda mask: torch.sub(1.0, mask),
    "turned": lambda mask: torch.rsub(mask, 0.5, alpha=2),
    "of_another_type": lambda mask: torch.tensor(1.0) - mask,
    "or": lambda mask: (mask == 1) + (mask == 0),
    "whole_numbers_added": lambda mask: mask + 0.5,
    "divided": lambda mask: torch.floor_divide(mask, 0.4),
    "mean": lambda mask: mask.mean(-1, dtype=torch.float32),
    "softmax": lambda mask: torch.softmax(mask, -1, dtype=torch.float32),
}


class Masked(nn.Module):
    """Every formula of one mask."""

    def forward(self, mask: Tensor) -> dict[str, Tensor]:
        return {name: formula(mask).float() for name, formula in FORMULAS.items()}


@pytest.mark.parametrize("name", FORMULAS)
def test_numbers_and_type_are_pytorchs(name: str) -> None:
    mask = torch.tensor([[0, 1, 1]])
    with Adapted():
        actual = FORMULAS[name](mask)
    torch.testing.assert_close(actual, FORMULAS[name](mask), rtol=0, atol=0)


def test_whole_numbers_are_exported(alike: Alike) -> None:
    alike(Masked(), [{"mask": torch.arange(n)[None] % 2} for n in (5, 9, 7)], tolerance=1e-6)
