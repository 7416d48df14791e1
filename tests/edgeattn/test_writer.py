from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.measure import benchmark
from edgeattn.source import handover
from edgeattn.source.handover import Handover
from edgeattn_export.cache import Steps, derive_steps
from edgeattn_export.capture import capture, read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover

WRITER = Path(__file__).parents[1] / "writer.py"
NEW_TOKENS = 12
AGREE = 0.95  # share of positions where int8 says PyTorch's next token, given the same text


@pytest.fixture(scope="module")
def writer() -> Handover:
    return handover.load(str(WRITER))


@pytest.fixture(scope="module")
def bundle(writer: Handover) -> Bundle:
    return pipeline.export(writer.module, writer.samples, name=writer.name)


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    return bundle.save(tmp_path / "writer.edge")


def greedy(module: torch.nn.Module, prompt: list[int], count: int) -> list[int]:
    tokens = list(prompt)
    for _ in range(count):
        tokens.append(int(module(torch.tensor([tokens]))["logits"][0, -1].argmax()))
    return tokens[len(prompt) :]


def test_a_decoder_without_a_cache_gets_one(bundle: Bundle) -> None:
    generation = bundle.manifest.generation
    assert generation is not None
    assert [entry.past for entry in generation.cache] == ["past_key_0", "past_value_0"]
    assert generation.positions == 48
    assert bundle.report.operators["Attention"] == bundle.report.fused["attention"] == 1


def test_int8_says_the_next_token_that_pytorch_says(folder: Path, writer: Handover) -> None:
    net = edgeattn_runtime.load(folder)
    alike = [
        net(tokens=np.asarray(inputs["tokens"]))["logits"].argmax(-1)
        == writer.module(inputs["tokens"])["logits"].argmax(-1).numpy()
        for inputs in writer.samples
    ]
    assert np.concatenate(alike, axis=1).mean() >= AGREE


def test_float_steps_write_exactly_what_pytorch_writes(writer: Handover) -> None:
    samples = read_samples(writer.module, writer.samples)
    captured = capture(writer.module, samples, infer_axes(samples, None), ORT_CPU)
    steps = derive_steps(captured, recover(captured, samples), samples)
    assert isinstance(steps, Steps)
    session, prompt = ORT_CPU.runner(steps.decoder.model), [3, 1, 4, 1]
    fed = np.array([prompt])
    dims = {tensor.name: tensor.dims for tensor in steps.decoder.graph.inputs}
    sizes = {"batch": 1, "capacity": len(prompt) + NEW_TOKENS}
    past = {
        cache.past: np.zeros([sizes.get(dim, dim) for dim in dims[cache.past]], np.float32)
        for cache in steps.caches
    }
    assert steps.length is not None
    written: list[int] = []
    for _ in range(NEW_TOKENS):
        held = len(prompt) + len(written) - 1 if written else 0
        outputs = session({steps.tokens: fed, steps.length: np.array([held]), **past})
        written.append(int(outputs[steps.logits][0, -1].argmax()))
        past = {cache.past: outputs[cache.present] for cache in steps.caches}
        fed = np.array([[written[-1]]])
    assert written == greedy(writer.module, prompt, NEW_TOKENS)


def test_the_bundle_writes_without_pytorch(folder: Path) -> None:
    tokens = list(edgeattn_runtime.generate(folder, [3, 1, 4], max_new_tokens=NEW_TOKENS))
    assert len(tokens) == NEW_TOKENS
    net = edgeattn_runtime.load(folder)
    whole = net(tokens=np.array([[3, 1, 4, *tokens[:-1]]]))["logits"][0, 2:].argmax(-1)
    assert (whole == tokens).mean() >= AGREE  # cached steps say what one whole pass says


def test_a_prompt_beyond_the_positions_is_refused(folder: Path) -> None:
    with pytest.raises(edgeattn_runtime.InputError, match="48"):
        next(islice(edgeattn_runtime.generate(folder, [1] * 49), 1))


class Captioner(torch.nn.Module):
    """Writes about a picture: its source is no tokens."""

    def __init__(self, writer: torch.nn.Module) -> None:
        super().__init__()
        self.writer = writer
        self.eyes = torch.nn.Linear(6, 40)

    def forward(self, tokens: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        return self.writer(tokens)["logits"] + self.eyes(picture)[:, None]


def test_a_source_that_is_no_tokens_is_exported_whole(writer: Handover) -> None:
    samples = [{**inputs, "picture": torch.ones(1, 6) / (i + 1)} for i, inputs in enumerate(writer.samples)]
    made = pipeline.export(Captioner(writer.module).eval(), samples)
    assert made.manifest.generation is None
    assert made.report.verdict == "pass"
    assert [refused.rule for refused in made.report.refused] == ["cache"]
    assert "picture" in made.report.refused[0].reason or "source" in made.report.refused[0].reason


def test_it_validates_and_benches_against_its_original(folder: Path) -> None:
    assert main(["validate", str(folder)]) == 0
    assert main(["validate", str(folder), str(WRITER), "--json"]) == 0
    assert main(["bench", str(folder), str(WRITER), "--shape", "sequence=8", "--json"]) == 0


def test_a_bench_tells_the_time_per_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "memory_mb", lambda bundle, threads: 51.5)
    assert main(["bench", str(folder)]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "Timed on the bundle's golden inputs, one by one: calls of the decoder" in words
    assert "tokens written one by one by int8 after a prompt of " in words


def test_another_model_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder), str(WRITER.with_name("tiny.py"))]) == 2
    assert "name the model that it was exported from" in capsys.readouterr().err


def test_the_command_shows_how_to_generate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "export", lambda *args, **kwargs: bundle)
    assert main(["export", str(WRITER)]) == 0
    assert 'edgeattn_runtime.generate("writer.edge", prompt)' in capsys.readouterr().out
    shutil.rmtree(tmp_path / "writer.edge")
