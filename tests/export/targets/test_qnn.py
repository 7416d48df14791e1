"""On QNN's own emulator of Hexagon: answers, one partition, and a compiled context that is opened again."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape

import edgeattn_runtime
from edgeattn.measure.placement import placement_of
from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower import lower
from edgeattn_export.lower.decomposed.opset import write_at_opset
from edgeattn_export.pack import Label, Packed, TargetBuild, pack, save
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ_WEIGHTS
from edgeattn_export.quantize.forms.qdq.table import TABLE8
from edgeattn_export.quantize.graphs import Graphs, QuantizedGraph
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.recover import Recovered
from edgeattn_export.targets import Bucket, Target, buckets_of, sizes_for
from edgeattn_export.targets.qnn import EMULATOR, PROVIDER, QNN, SM8550, SM8650, SOC_MODEL
from edgeattn_export.targets.qnn_compiled import QNN_SM8650
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.bundle.golden import GoldenVectors
from edgeattn_runtime.bundle.golden import Sample as GoldenSample
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH
from edgeattn_runtime.bundle.rows import Padding, Rows

Buckets = dict[str, tuple[Bucket, ...]]
ROWS = Rows("batch", Padding("mask", 0))
LEAST = {QDQ_WEIGHTS.name: 0.999, QDQ8.name: 0.99}  # cosine, of the tiny encoder
CHECK = """
import sys
sys.path += sys.argv[2:]
from edgeattn_runtime.bundle.golden import check
from edgeattn_runtime.model import load
model = load(sys.argv[1], target="qnn-sm8650")
print("golden:", max(result.error for result in check(model)))
"""


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if (lacking := EMULATOR.missing()) is not None:
        pytest.skip(lacking)


@pytest.fixture(scope="module")
def parts(encoder: Captured, recovered: Recovered, samples: Samples) -> dict[str, Graphs]:
    """The tiny encoder in integers, by the form of its layers."""
    tried = list(trials(samples, encoder.axes))
    lowered = lower(recovered.model, QNN.lowerings, QNN.engine, tried, prover=QNN.prover).model
    write_at_opset(lowered, QNN.opset)
    known = Calibration(lowered, samples, QNN.prover, QNN.forms)
    recipes = {form: Recipe(form, ((EVERY, Treatment(form)),), (TABLE8.name,)) for form in LEAST}
    return {
        form: Graphs({MAIN_GRAPH: QuantizedGraph(quantize(known, recipe), encoder.graph)}, encoder.symbols)
        for form, recipe in recipes.items()
    }


@pytest.fixture(scope="module")
def buckets(parts: dict[str, Graphs], encoder: Captured, samples: Samples) -> Buckets:
    """The same in the sizes that its samples are padded to."""
    seen = [sizes_of(sample.inputs, encoder.axes) for sample in samples]
    every = sizes_for(QNN, seen, encoder.graph, ROWS)
    return {form: buckets_of(QNN, its, every) for form, its in parts.items()}


def _on(soc_model: int) -> Engine:
    return replace(QNN.engine, host=replace(EMULATOR, options={SOC_MODEL: soc_model}))


@pytest.mark.parametrize("form", LEAST)
@pytest.mark.parametrize("soc_model", [SM8550, SM8650])
def test_hexagon_answers_as_pytorch(
    form: str,
    soc_model: int,
    buckets: Buckets,
    encoder: Captured,
    samples: Samples,
) -> None:
    bucket = buckets[form][0]
    inputs = dict(sized_inputs(samples, encoder.axes, bucket.sizes))
    inputs["mask"] = inputs["mask"].copy()
    inputs["mask"][:, -1:] = 0
    expected = encoder.reference(inputs)
    found = _on(soc_model).runner(bucket.parts.graphs[MAIN_GRAPH].quantized.model)(inputs)
    assert min(cosine(expected[name], found[name]) for name in expected) > LEAST[form]


@pytest.mark.parametrize("form", LEAST)
def test_it_takes_the_graph_whole(form: str, buckets: Buckets, encoder: Captured, samples: Samples) -> None:
    bucket = buckets[form][-1]
    model = bucket.parts.graphs[MAIN_GRAPH].quantized.model
    placement = placement_of(QNN, [(model, sized_inputs(samples, encoder.axes, bucket.sizes))])
    assert placement is not None
    assert placement.fallbacks == ()
    assert (placement.partitions, placement.shares) == (1, {PROVIDER: 1.0})


def _log_mel() -> tuple[ir.Model, Samples]:
    """Return Log(x^2 bank + 1e-5) head, its values named and typed, and samples from faint to loud."""
    draw, width, single = np.random.default_rng(drawn_seed(0)), 32, ir.DataType.FLOAT
    bank, head = (draw.standard_normal((width, width)).astype(np.float32) for _ in range(2))
    tape, x = Tape(), ir.val("x", single, (1, 16, width))
    squares = tape.op("Mul", [x, x])
    energies = tape.op("MatMul", [squares, embed(tape, np.abs(bank), "bank")])
    floored = tape.op("Add", [energies, embed(tape, np.float32(1e-5), "floor")])
    tape.op("MatMul", [tape.op("Log", [floored]), embed(tape, head, "head")])
    for i, node in enumerate(tape.nodes):
        node.name = f"{node.op_type}_{i}"
        value = node.outputs[0]
        value.name, value.type, value.shape = f"value_{i}", ir.TensorType(single), x.shape
    y = tape.nodes[-1].outputs[0]
    graph = ir.Graph(
        [x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21}, name="log_mel"
    )
    sounds = (draw.standard_normal((1, 16, width)) * size for size in np.geomspace(1e-2, 5, 12))
    samples = Samples(tuple(Sample({"x": sound.astype(np.float32)}) for sound in sounds))
    return ir.Model(graph, ir_version=10), samples


@pytest.mark.parametrize("soc_model", [SM8550, SM8650])
def test_it_takes_the_floats_of_a_logarithm_too(soc_model: int) -> None:
    model, samples = _log_mel()
    calibration = Calibration(model, samples, QNN.prover, QNN.forms)
    int8 = quantize(calibration, Recipe("int8", ((EVERY, Treatment(QDQ_WEIGHTS.name)),), ())).model
    engine, exact = _on(soc_model), QNN.prover.runner(model)
    run = engine.runner(int8)
    pairs = [(exact(sample.inputs), run(sample.inputs)) for sample in samples]
    assert min(cosine(expected["value_4"], found["value_4"]) for expected, found in pairs) > 0.999
    placement = placement_of(replace(QNN, engine=engine), [(int8, samples[0].inputs)])
    assert placement is not None
    assert (placement.partitions, placement.fallbacks) == (1, ())


@pytest.fixture(scope="module")
def packed(buckets: Buckets, parts: dict[str, Graphs], encoder: Captured, samples: Samples) -> Packed:
    """The tiny encoder compiled for one chip, and as it can be compiled on any."""
    form = QDQ_WEIGHTS.name

    def made(target: Target, its: Sequence[Bucket]) -> TargetBuild:
        tolerance = {tensor.name: 0.5 for tensor in encoder.graph.outputs}
        told = {"tolerance": tolerance, "scores": {"cosine": 0.999}, "verdict": "pass", "measured": None}
        return TargetBuild(target=target, parts=parts[form], buckets=its, **told)

    golden = tuple(GoldenSample(sample.inputs, encoder.reference(sample.inputs)) for sample in samples[:2])
    spreads = {tensor.name: np.ones(tensor.channel_dims, np.float32) for tensor in encoder.graph.outputs}
    return pack(
        [made(QNN_SM8650, buckets[form][-1:]), made(QNN, buckets[form])],
        GoldenVectors(golden, spreads),
        label=Label(name="tiny", budget={"cosine": 0.99}, source=None),
        rows=ROWS,
        reports={"report.json": b"{}\n"},
    )


def test_a_compiled_context_is_a_variant_that_the_runtime_opens(packed: Packed, tmp_path: Path) -> None:
    folder = tmp_path / "tiny.edge"
    save(packed, folder)
    python, *_ = EMULATOR.environment.command()
    command = [python, "-c", CHECK, str(folder), str(Path(edgeattn_runtime.__file__).parents[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, error = done.stdout.split("golden: ")  # the engine prints warnings too
    assert float(error.split()[0]) < 0.1  # of the unit spreads that were packed


def test_buckets_share_their_weights(packed: Packed) -> None:
    variants = [each for each in packed.manifest.variants if each.target == QNN.name]
    assert len(variants) > 1
    assert [each.sizes["batch"] for each in variants] == [1] * len(variants)
    assert np.all(np.diff([each.sizes["sequence"] for each in variants]) > 0)
