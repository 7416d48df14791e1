"""What OpenVINO has no operator for: `edgeattn targets --install openvino` makes its environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn_export.targets.openvino import OPENVINO_CPU

# An attention whose queries are weighed by a determinant, for which OpenVINO's provider has no operator.
FALLING_BACK = """
import torch
from torch import nn


class Weighed(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.head = nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 32)

    def forward(self, x):
        mixed = nn.functional.scaled_dot_product_attention(self.query(x), self.key(x), x)
        return self.head(mixed) * (2 + torch.linalg.det(mixed[:, :2, :2]).tanh()[:, None, None])


def model():
    torch.manual_seed(0)
    return Weighed().eval()


def samples():
    draw = torch.Generator().manual_seed(1)
    for _ in range(40):
        yield {"x": torch.randn(1, 8, 32, generator=draw)}
"""


def test_strict_fails_where_an_operator_falls_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., str]
) -> None:
    if (missing := OPENVINO_CPU.engine.host.missing()) is not None:
        pytest.skip(missing)
    model, folder = tmp_path / "weighed.py", tmp_path / "weighed.edge"
    model.write_text(FALLING_BACK)
    asked = ("export", model, "-o", folder, "--target", "openvino", "--budget", "cosine=0.9")
    shown = ran(*asked)
    assert "Det" in shown
    assert main([*map(str, asked), "--strict"]) == 1
    line = capsys.readouterr().err
    assert "is not placed whole" in line
    assert "Det" in line
    assert "export without --strict" in line
