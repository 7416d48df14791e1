"""A decoder behind an encoder of pixels and their mask, on the whole way from its file to tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.example import example
from edgeattn.judge.request import Objective, Request
from edgeattn.measure.token_time import WARMUP_TOKENS, token_time
from edgeattn.progress import Silent
from edgeattn.source import handover
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.incremental import Steps, with_cache
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover

CAPTIONER = Path(__file__).with_name("captioner.py")
START = 3
SLACK = 4  # largest differences in logits by which the greedy token may lead and yet be passed over
ENOUGH = 40  # tokens of all captions, that are alike from the start

pytestmark = pytest.mark.usefixtures("captured_once")


@pytest.fixture(scope="module")
def captioner() -> ModuleSource:
    return handover.load(str(CAPTIONER))


@pytest.fixture(scope="module")
def captured(captioner: ModuleSource) -> Captured:
    return captioner.capture(captioner.read(), ORT_CPU)


@pytest.fixture(scope="module")
def bundle(captioner: ModuleSource) -> Bundle:
    request = Request.read("cpu", {"cosine": 0.9995}, Objective("size"))  # .999 is too few samples for 4 bits
    return pipeline.run(captioner, request, Silent())


@pytest.fixture(scope="module")
def folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.save(tmp_path_factory.mktemp("captioner") / "captioner.edge")


@torch.no_grad()
def greedy(net: nn.Module, sources: dict[str, Tensor]) -> list[tuple[int, float]]:
    """Return PyTorch's own tokens up to the last position, each with its lead over the next likeliest."""
    tokens, written = [START], []
    for _ in range(24):
        likeliest = net(**sources, caption=torch.tensor([tokens]))["logits"][0, -1].topk(2)
        tokens.append(int(likeliest.indices[0]))
        written.append((tokens[-1], float(likeliest.values[0] - likeliest.values[1])))
    return written


def sources_of(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in inputs.items() if name != "caption"}


def arrays(sources: dict[str, Tensor]) -> dict[str, NDArray[np.generic]]:
    return {name: value.numpy() for name, value in sources.items()}


def test_its_manifest_names_both_sources(bundle: Bundle) -> None:
    generation = bundle.manifest.generation
    assert generation.sources == ("pixels", "shown")
    encoder = {tensor.name: tensor for tensor in bundle.manifest.graphs["encoder"].inputs}
    assert (encoder["pixels"].dtype, encoder["pixels"].dims) == ("float32", ("batch", 3, 12, 12))
    assert (encoder["shown"].dtype, encoder["shown"].dims) == ("int64", ("batch", 9))


def test_float_steps_write_exactly_what_pytorch_writes(captioner: ModuleSource, captured: Captured) -> None:
    samples = captioner.read()
    steps = with_cache(captured, recover(captured, samples), samples).graphs
    assert isinstance(steps, Steps)
    runner = steps.runner(ORT_CPU)
    for inputs in captioner.samples:
        sources = sources_of(inputs)
        written = [token for token, _ in greedy(captioner.module, sources)]
        fed = {**arrays(sources), "caption": np.array([[START, *written[:-1]]])}
        assert runner.logits(fed, (1,) * len(written))[0].argmax(-1).tolist() == written


def test_the_bundle_writes_what_pytorch_writes(folder: Path, bundle: Bundle, captioner: ModuleSource) -> None:
    net, alike = edgeattn_runtime.load(folder), 0
    captions = set()
    for inputs in captioner.samples:
        sources = sources_of(inputs)
        expected = greedy(captioner.module, sources)
        found = list(edgeattn_runtime.generate(net, arrays(sources), start=[START]))
        same = [token == wanted for token, (wanted, _) in zip(found, expected, strict=True)]
        first = (*same, False).index(False)
        if first < len(expected):  # from here on, both continue other texts
            assert expected[first][1] < SLACK * bundle.report.accuracy.max_abs
        alike += first
        captions.add(tuple(found))
    assert alike >= ENOUGH
    assert len(captions) > 4  # the pictures count


def test_one_sample_is_shown_as_either_answers_it(folder: Path, captioner: ModuleSource) -> None:
    found = example(folder, captioner)
    theirs, ours = found.pytorch.split(), found.bundle.split()
    assert len(theirs) == len(ours) > 4
    assert sum(a == b for a, b in zip(theirs, ours, strict=True)) > len(theirs) / 2


def test_its_time_per_token_is_known(folder: Path) -> None:
    found = token_time(folder, threads=1)
    assert found.latency_ms.count > WARMUP_TOKENS


@pytest.mark.usefixtures("quick_bench")
def test_it_validates_benches_and_says_how_to_generate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(folder)]) == 0
    assert main(["validate", str(folder), str(CAPTIONER), "--json"]) == 0
    assert main(["bench", str(folder), str(CAPTIONER)]) == 0
    capsys.readouterr()


def test_the_command_shows_how_to_generate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Bundle, ran: Callable[..., str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "run", lambda *_: bundle)
    words = " ".join(ran("export", CAPTIONER).split())
    assert '{"pixels": ..., "shown": ...}, start=[...])' in words
    assert "The bundle says" in words
