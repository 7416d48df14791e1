from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from edgeattn.source import module as room
from edgeattn.source.module import ModuleSource, in_eval_mode
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput, ModelError


def test_a_module_is_named_after_its_class_where_it_has_no_name(source: ModuleSource) -> None:
    assert ModuleSource.of(source.module, (), None).name == "tagger"
    assert ModuleSource.of(source.module, (), "mine", budget={"cosine": 0.9}).name == "mine"


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(ModelError):
        ModuleSource.of("tagger.pt", (), None)


def test_samples_are_read_in_eval_mode() -> None:
    source = ModuleSource.of(nn.Linear(2, 2), [{"input": torch.ones(1, 2)}] * 3, None)
    with pytest.warns(UserWarning, match=r"^Linear "):
        source.read()
    assert not source.module.training


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_of_half_precision_the_samples_are_float32_too(dtype: torch.dtype) -> None:
    def raw() -> list[dict[str, torch.Tensor]]:
        return [{"input": torch.ones(1, 2, dtype=dtype)}] * 3

    with pytest.warns(UserWarning, match=r"samples are converted to float32 as well$") as seen:
        source = ModuleSource.of(nn.Linear(2, 2, dtype=dtype).eval(), raw(), None, more=raw)
    assert len(seen) == 1
    samples = source.read()
    following = list(source.read_on(samples))
    for sample in (*samples, *following):
        assert sample.inputs["input"].dtype == "float32"
    assert source.capture(samples, ORT_CPU).reference(samples[0].inputs)["output"].dtype == "float32"


def test_samples_are_read_against_forward(source: ModuleSource) -> None:
    assert source.read().names == ("tokens", "attention_mask")
    with pytest.raises(BadInput, match="words"):
        replace(source, samples=[{"words": torch.ones(1, 2)}] * 3).read()


def test_a_capture_sees_the_calibration_samples_and_the_axes_of_all(
    source: ModuleSource,
    samples: SampleSplit,
    tokens_of: Callable[[Samples], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "capture", lambda *given: given)
    module, seen, axes, engine, every = source.capture(source.read(), ORT_CPU)  # type: ignore[misc]
    assert module is source.module
    assert tokens_of(seen) == tokens_of(samples.calibration)
    assert axes.dims["tokens"] == ("batch", "sequence")
    assert engine is ORT_CPU
    assert tokens_of(every) == tokens_of(source.read())


def test_weights_that_layers_share_count_once() -> None:
    embed, head = nn.Embedding(10, 5), nn.Linear(5, 10, bias=False)
    head.weight = embed.weight
    tied = nn.Sequential(embed, head)
    tied.register_buffer("positions", torch.zeros(7))
    unread: Any = None
    assert ModuleSource.of(tied, (), "tied").megabytes(unread) == (10 * 5 + 7) * 4 / 1e6


def test_a_program_has_the_mode_that_it_was_exported_in() -> None:
    program = torch.export.export(nn.Linear(4, 4), (torch.ones(2, 4),)).module()
    with pytest.warns(UserWarning, match=r"is a program of torch\.export, in the mode that it was"):
        in_eval_mode(program)


def test_a_module_in_training_mode_is_put_into_eval_mode() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    module[1].train()
    with pytest.warns(UserWarning, match=r"^Sequential "):
        in_eval_mode(module)
    assert not any(part.training for part in module.modules())
    in_eval_mode(module)  # and now there is nothing to warn of


class Quantizer(nn.Module):
    """Rounds to steps of 1/4, as a fake quantization does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (4 * x).round() / 4


def prepared() -> nn.Module:
    layer = nn.Linear(2, 2).eval()
    layer.weight_fake_quant = Quantizer().eval()
    return nn.Sequential(layer).eval()


def test_a_prepared_module_is_captured_with_its_grids() -> None:
    source = ModuleSource.of(prepared(), [{"input": torch.ones(1, 2)}] * 3, None)
    captured = source.capture(source.read(), ORT_CPU)
    assert captured.trained.layers == {"0"}
    assert source.name == "sequential"


def test_a_prepared_module_takes_no_qdq_file(source: ModuleSource, tmp_path: Path) -> None:
    file = tmp_path / "net.qdq.onnx"
    assert source.with_trained_grids(file).qdq == file
    with pytest.raises(BadInput, match="has trained grids of its own"):
        ModuleSource.of(prepared(), (), None).with_trained_grids(file)
