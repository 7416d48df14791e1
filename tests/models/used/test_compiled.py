"""PyTorch's own compiler, really called: a C++ compiler makes of a tiny model what ``bench`` times."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgeattn.measure.side_by_side import compiled_runner
from edgeattn.source import handover
from edgeattn_export.capture.original.reference import Reference

TINY = Path(__file__).parents[2] / "edgeattn" / "tiny.py"


def test_it_answers_as_the_original_does_at_every_size(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # nothing that was compiled before
    torch.compiler.reset()
    source = handover.load(str(TINY))
    original, samples = Reference(source.module), source.read().split()
    compiled = compiled_runner(original, samples.evaluation[0].inputs)
    assert isinstance(compiled, Reference)
    for sample in samples.evaluation:
        expected = original(sample.inputs)["tags"]
        assert compiled(sample.inputs)["tags"] == pytest.approx(expected, abs=1e-5)
    torch.compiler.reset()
