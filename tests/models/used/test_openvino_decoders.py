"""Decoders with their cache on OpenVINO: `edgeattn targets --install openvino` makes its environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
import torch

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.judge import proof
from edgeattn.judge.request import Objective, Request
from edgeattn.measure.placement import placement_of
from edgeattn.progress import Silent
from edgeattn.results.graph import Placement
from edgeattn.source import handover, module
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.graph.hosts.environment import folder_of
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.incremental import Steps, with_cache
from edgeattn_export.recover import recover
from edgeattn_export.targets import Target, lower_for
from edgeattn_export.targets.openvino import CANDIDATES, OPENVINO_CPU

MODELS = ("writer", "translator")
FOLDER = Path(__file__).parents[2] / "edgeattn"  # of these models' files
NEW_TOKENS = 8
SLACK = 2  # largest differences in logits by which a token that int8 writes may lie behind the likeliest
CHUNKS = (3, 1, 1)  # tokens fed at once; the rest of a sequence follows in one piece
GENERATE = """
import json, sys
import numpy as np
from edgeattn_runtime import generate, load
model, (prompt, sources, count) = load(sys.argv[1]), json.load(sys.stdin)
arrays = {name: np.array(array) for name, array in sources.items()}
tokens = generate(model, arrays, start=prompt, max_new_tokens=count) if arrays else generate(
    model, prompt, max_new_tokens=count
)
print(json.dumps([int(token) for token in tokens]))
"""


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if (missing := OPENVINO_CPU.engine.host.missing()) is not None:
        pytest.skip(missing)


@pytest.fixture(scope="module", params=MODELS)
def source(request: pytest.FixtureRequest) -> ModuleSource:
    return handover.load(str(FOLDER / f"{request.param}.py"))


@pytest.fixture(scope="module")
def captured(source: ModuleSource) -> Captured:
    return source.capture(source.read(), OPENVINO_CPU.prover)


@pytest.fixture(scope="module", autouse=True)
def _captured_once(captured: Captured) -> Iterator[None]:
    """Let the bundle's export share the capture, which is most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "capture", lambda *_: captured)
        yield


@pytest.fixture(scope="module")
def placed() -> list[ir.Model]:
    """The graphs whose placement the last export asked for."""
    return []


@pytest.fixture(scope="module")
def bundle(source: ModuleSource, placed: list[ir.Model]) -> Bundle:
    """The decoder for OpenVINO, by the recipe that a search begins with."""

    def noted(target: Target, graphs: Iterable[tuple[ir.Model, Inputs]]) -> Placement | None:
        every = list(graphs)
        placed[:] = [model for model, _ in every]
        return placement_of(target, every)

    asked = Request.read("openvino", {"cosine": 0.99}, Objective(recipe=CANDIDATES.plain))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "placement_of", noted)
        return pipeline.run(source, asked, Silent())


def test_float_steps_answer_as_pytorch_answers_the_full_sequence(
    source: ModuleSource, captured: Captured
) -> None:
    samples = source.read()
    cached = with_cache(captured, recover(captured, samples), samples)
    steps = lower_for(OPENVINO_CPU, cached, samples).graphs
    assert isinstance(steps, Steps)
    runner = steps.runner(OPENVINO_CPU.engine)
    for sample in samples[-3:]:
        expected = captured.reference(sample.inputs)[steps.generation.logits]
        found = runner.logits(sample.inputs, (*CHUNKS, expected.shape[1] - sum(CHUNKS)))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_int8_passes_and_runs_there_alone(bundle: Bundle, placed: list[ir.Model]) -> None:
    report = bundle.report
    assert report.verdict == "pass"
    assert all(case.ok for case in report.edge_cases)
    assert any("Run on" in note for note in report.notes)
    assert {layer.form for layer in report.layers} >= {"qdq w8a8"}
    assert report.placement is not None
    assert report.placement.is_whole
    assert len(placed) == len(bundle.manifest.graphs)
    (variant,) = bundle.manifest.variants
    assert variant.measured is not None


def test_a_device_writes_what_pytorch_writes(bundle: Bundle, source: ModuleSource, tmp_path: Path) -> None:
    folder, generation = bundle.save(tmp_path / "decoder.edge"), bundle.manifest.generation
    assert generation is not None
    inputs = source.samples[0]
    prompt = inputs[generation.tokens][0, :3].tolist()
    sources = {name: inputs[name] for name in generation.sources}
    asked = [prompt, {name: value.tolist() for name, value in sources.items()}, NEW_TOKENS]
    done = subprocess.run(
        [str(folder_of("openvino") / "bin" / "python"), "-c", GENERATE, str(folder)],
        input=json.dumps(asked),
        env={**os.environ, "PYTHONPATH": str(Path(edgeattn_runtime.__path__[0]).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)
    assert len(written) == NEW_TOKENS
    fed = torch.tensor([[*prompt, *written[:-1]]])
    with torch.no_grad():
        scores = source.module(**sources, **{generation.tokens: fed})["logits"][0, len(prompt) - 1 :]
    lead = scores.max(dim=-1).values - scores[range(NEW_TOKENS), written]
    assert float(lead.max()) <= SLACK * bundle.report.accuracy.max_abs
