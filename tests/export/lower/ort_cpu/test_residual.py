from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx_ir as ir
import onnxruntime
import pytest
import torch
from rewritten import Rewritten, RuleTests
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.lower.ort_cpu.residual import residual_sum


class Block(nn.Module):
    """A linear layer, something added, a normalization."""

    def __init__(self, add: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.norm, self.add = nn.Linear(8, 8), nn.LayerNorm(8), add

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.norm(self.add(x, self.linear(x)))


def _as_run(model: ir.Model, path: Path) -> dict[str, int]:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3  # it warns that such a file is for this machine alone
    onnxruntime.InferenceSession(serialize(model), options, providers=["CPUExecutionProvider"])
    return operators(ir.load(path))


FIRES = {"residual": lambda x, y: x + y}
OTHERS = {"constant": lambda x, y: y + torch.arange(8.0), "product": lambda x, y: x * y}


class TestResidual(RuleTests):
    rule, part, fires, others = residual_sum, Block, FIRES, OTHERS

    def test_it_fires_under_a_normalization_alone(self, rewritten: Rewritten) -> None:
        assert [site.module for site in rewritten.applied.sites] == ["parts.residual.norm"]
        assert [rewritten.after(part).count("Sum") for part in (*FIRES, *OTHERS)] == [1, 0, 0]

    def test_onnxruntime_fuses_the_addition_no_more(self, rewritten: Rewritten, tmp_path: Path) -> None:
        assert _as_run(rewritten.captured.model, tmp_path / "before.onnx")["SkipLayerNormalization"] >= 1
        assert "SkipLayerNormalization" not in _as_run(rewritten.model, tmp_path / "after.onnx")


@pytest.mark.parametrize("stage", ["lowered", "quantized"])
def test_nor_in_a_whole_encoder(stage: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = _as_run(request.getfixturevalue(stage).model, tmp_path / "run.onnx")
    assert found["Sum"] == found["LayerNormalization"] == 2
    assert "SkipLayerNormalization" not in found
