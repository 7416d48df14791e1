"""PyTorch's own compiler, really called: g++ makes of each model what is timed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch._inductor.config as inductor

from edgeattn.measure.compiled import compiled
from edgeattn_export.capture import Captured
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.samples import Parts
from edgeattn_runtime.errors import BadInput


@pytest.fixture(autouse=True)
def uncached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing that was compiled before is taken again."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def test_it_answers_as_the_original_does_at_every_size(captured: Captured, samples: Parts) -> None:
    found = compiled(captured.reference, samples.evaluation[0].inputs)
    assert isinstance(found, Reference)
    for sample in samples.evaluation:
        expected = captured.reference(sample.inputs)["tags"]
        assert found(sample.inputs)["tags"] == pytest.approx(expected, abs=1e-5)


def test_without_a_compiler_it_says_so(
    captured: Captured, samples: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inductor.cpp, "cxx", ("no-such-compiler",))
    with pytest.raises(BadInput) as raised:
        compiled(captured.reference, samples.evaluation[0].inputs)
    print(raised.value)


def test_an_onnx_file_is_refused(captured: Captured, samples: Parts) -> None:
    runner = captured.engine.runner(captured.model)
    with pytest.raises(BadInput, match="an ONNX file found, a PyTorch module expected"):
        compiled(runner, samples.evaluation[0].inputs)
