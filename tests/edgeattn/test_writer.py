"""A causal decoder without a cache of its own, on the whole way from its file to tokens."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Silent
from edgeattn.source import handover, module
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.errors import EdgeAttnError

WRITER = Path(__file__).with_name("writer.py")
NEW_TOKENS = 12
AGREE = 0.95  # share of positions where int8 says PyTorch's next token, given the same text


@pytest.fixture(scope="module")
def writer() -> ModuleSource:
    return handover.load(str(WRITER))


@pytest.fixture(scope="module")
def captured(writer: ModuleSource) -> Captured:
    return writer.capture(writer.read(), ORT_CPU)


@pytest.fixture(scope="module")
def exported(
    writer: ModuleSource, captured: Captured, watch: Callable[[pytest.MonkeyPatch], Any]
) -> tuple[Bundle, Any]:
    request = Request.read("cpu", writer.budget, Objective("size"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "capture", lambda *_: captured)
        watched = watch(patch)
        return pipeline.run(writer, request, watched), watched


@pytest.fixture(scope="module")
def bundle(exported: tuple[Bundle, Any]) -> Bundle:
    return exported[0]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    return bundle.save(tmp_path / "writer.edge")


def test_its_cache_is_proven_on_the_selection_samples_too(
    writer: ModuleSource, captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Any] = []

    def with_cache(*arguments: Any) -> None:
        handed.extend(arguments)
        raise EdgeAttnError("seen enough")

    monkeypatch.setattr(module, "capture", lambda *_: captured)
    monkeypatch.setattr(pipeline, "with_cache", with_cache)
    with pytest.raises(EdgeAttnError, match="seen enough"):
        pipeline.run(writer, Request.read("cpu", writer.budget, Objective("size")), Silent())
    split = writer.read().split()
    for samples, part in zip(handed[-2:], (split.calibration, split.selection), strict=True):
        assert [sample.number for sample in samples] == [sample.number for sample in part]


def test_a_decoder_without_a_cache_gets_one(bundle: Bundle) -> None:
    generation = bundle.manifest.generation
    assert [entry.past for entry in generation.cache] == ["past_key_0", "past_value_0"]
    assert generation.positions == 48
    assert bundle.report.operators["Attention"] == bundle.report.fused["attention"] == 1


def test_the_samples_of_the_verdict_choose_nothing(
    exported: tuple[Bundle, Any], writer: ModuleSource, tokens_of: Callable[[Samples], set[tuple[int, ...]]]
) -> None:
    _, watched = exported
    parts = writer.read().split()
    evaluation = tokens_of(parts.evaluation)
    begun = {row[: len(row) // 2] for row in evaluation if len(row) > 5}  # as a decoder's prompts are
    chosen = watched.stages[: watched.stages.index("evaluate")]
    assert not watched.rows(*chosen, "tune") & (evaluation | begun)
    assert watched.rows("evaluate", kind="StepRunner") == evaluation
    assert watched.rows("prove") & begun


def test_int8_says_the_next_token_that_pytorch_says(folder: Path, writer: ModuleSource) -> None:
    net = edgeattn_runtime.load(folder)
    alike = [
        net(tokens=np.asarray(inputs["tokens"]))["logits"].argmax(-1)
        == writer.module(inputs["tokens"])["logits"].argmax(-1).numpy()
        for inputs in writer.samples
    ]
    assert np.concatenate(alike, axis=1).mean() >= AGREE


def test_the_bundle_writes_without_pytorch(folder: Path) -> None:
    tokens = list(edgeattn_runtime.generate(folder, [3, 1, 4], max_new_tokens=NEW_TOKENS))
    assert len(tokens) == NEW_TOKENS
    net = edgeattn_runtime.load(folder)
    whole = net(tokens=np.array([[3, 1, 4, *tokens[:-1]]]))["logits"][0, 2:].argmax(-1)
    assert (whole == tokens).mean() >= AGREE  # cached steps say what one whole pass says


def test_a_limit_on_its_cache_keeps_it_in_int8(
    writer: ModuleSource, captured: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "capture", lambda *_: captured)
    budget = {**writer.budget, "cache_mb": 0.005}  # of 0.012 in float32
    request = Request.read("cpu", budget, Objective(recipe=DYNAMIC_INT8))
    bundle = pipeline.run(writer, request, Silent())
    assert bundle.report.fused["int8 cache"] == 2
    (check,) = (check for check in bundle.report.checks if check.name == "cache_mb")
    assert check.ok
    assert check.measured == pytest.approx(2 * 2 * 48 * (16 + 4) / 1e6)
    assert [tensor.dtype for tensor in bundle.manifest.graphs["model"].inputs[2:]] == ["int8", "float32"] * 2
    net = edgeattn_runtime.load(bundle.save(tmp_path / "writer.edge"))
    tokens = list(edgeattn_runtime.generate(net, [3, 1, 4], max_new_tokens=NEW_TOKENS))
    whole = net(tokens=np.array([[3, 1, 4, *tokens[:-1]]]))["logits"][0, 2:].argmax(-1)
    assert (whole == tokens).mean() >= AGREE


@pytest.mark.usefixtures("instant_capture", "quick_bench")
def test_it_validates_and_benches_against_its_original(folder: Path) -> None:
    assert main(["validate", str(folder)]) == 0
    assert main(["validate", str(folder), str(WRITER), "--json"]) == 0
    assert main(["bench", str(folder), str(WRITER), "--shape", "sequence=8", "--json"]) == 0


@pytest.mark.usefixtures("quick_bench")
def test_a_bench_tells_the_time_per_token(folder: Path, ran: Callable[..., str]) -> None:
    words = " ".join(ran("bench", folder).split())
    assert "Timed on the bundle's golden inputs, one by one: calls of the decoder" in words
    assert "tokens written one by one by int8 after a prompt of " in words


def test_another_model_is_refused(
    folder: Path, captured: Captured, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(captured, graph=replace(captured.graph, outputs=()))
    monkeypatch.setattr(module, "capture", lambda *_: other)
    assert " writer " in refused("validate", folder, WRITER)


def test_the_command_shows_how_to_generate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Bundle, ran: Callable[..., str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "run", lambda *_: bundle)
    assert 'edgeattn_runtime.generate("writer.edge", prompt)' in ran("export", WRITER)
    shutil.rmtree(tmp_path / "writer.edge")
