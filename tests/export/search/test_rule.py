from __future__ import annotations

import torch
from fixture_types import Export
from torch import nn

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration
from edgeattn_export.search.rule import recipe_by_rule
from edgeattn_export.targets.cpu import CANDIDATES, FORMS


class LogEnergies(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bank, self.head = nn.Linear(32, 32), nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.log(self.bank(x).square() + 1e-5))  # (B, 32)


def test_what_a_logarithm_is_of_stays_float(exported: Export) -> None:
    captured, samples = exported(LogEnergies(), [{"x": torch.randn(1, 32)} for _ in range(4)])
    recipe = recipe_by_rule(Calibration(captured.model, samples, ORT_CPU, FORMS), CANDIDATES)
    assert recipe.treatment("bank").form == "float"
    assert recipe.treatment("head").form == "int8 per token"
