from __future__ import annotations

import hashlib
from importlib import metadata

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from safetensors.numpy import load

from edgeattn_export.capture import Captured
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.pack import Label, Packed, TargetBuild, pack
from edgeattn_export.pack.pack import GOLDEN_FILE, TOOLS
from edgeattn_export.quantize import Calibration, Quantized, Recipe, Treatment, quantize
from edgeattn_export.quantize.graphs import Graphs, QuantizedGraph
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.targets.cpu import CPU, FORMS
from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.golden import GoldenVectors
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, FileEntry, Manifest
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION


def test_the_manifest_says_what_was_handed_over(
    packed: Packed, encoder: Captured, quantized: Quantized
) -> None:
    manifest = packed.manifest
    assert manifest.name == "tiny"
    assert manifest.graphs == {"model": encoder.graph}
    assert manifest.symbols == encoder.symbols
    assert manifest.budget == {"cosine": 0.99}
    assert manifest.provenance == {
        "versions": {tool: metadata.version(tool) for tool in TOOLS},
        "recipe": quantized.recipe.name,
        "opset": 23,
        "source": None,
    }


def test_a_variant_says_what_was_made_for_its_target(packed: Packed) -> None:
    (variant,) = packed.manifest.variants
    assert (variant.target, variant.files) == ("cpu", {"model": "model.onnx"})
    assert (variant.engine.name, variant.engine.version) == (CPU.engine.name, CPU.engine.version)
    assert (variant.scores, variant.verdict, variant.measured) == ({"cosine": 0.999}, "pass", None)
    assert variant.tolerance == {tensor.name: 0.1 for tensor in packed.manifest.graphs[MAIN_GRAPH].outputs}


def test_what_was_measured_goes_into_the_manifest(encoder: Captured, quantized: Quantized) -> None:
    session, rows = SessionSettings(threads=2), Rows("batch", Padding("mask", 0))
    made = TargetBuild(
        target=CPU,
        parts=Graphs({MAIN_GRAPH: QuantizedGraph(quantized, encoder.graph)}, encoder.symbols),
        tolerance={tensor.name: 0.1 for tensor in encoder.graph.outputs},
        session=session,
        scores={},
        verdict="fail",
        measured="a machine",
    )
    label = Label(name="tiny", budget={}, source=None, weights="ab12")
    manifest = pack([made], GoldenVectors((), {}), label=label, rows=rows, reports={}).manifest
    (variant,) = manifest.variants
    assert (variant.session, variant.verdict, variant.measured) == (session, "fail", "a machine")
    assert manifest.rows == rows
    assert manifest.provenance["weights"] == "ab12"


def test_every_file_is_listed_with_its_hash(packed: Packed) -> None:
    assert set(packed.files) == {"model.onnx", GOLDEN_FILE, "report.json"}
    assert packed.manifest.files == {
        name: FileEntry(hashlib.sha256(data).hexdigest(), len(data)) for name, data in packed.files.items()
    }


def test_the_files_hold_the_model_and_pytorchs_answers(
    packed: Packed, encoder: Captured, quantized: Quantized, samples: Samples
) -> None:
    assert packed.files["model.onnx"] == serialize(quantized.model)
    golden = load(packed.files[GOLDEN_FILE])
    assert len(golden) == packed.manifest.golden.samples * 4 + 2  # two inputs, two outputs and their spreads
    for i, sample in enumerate(samples[:2]):
        np.testing.assert_array_equal(golden[f"{i}.input.tokens"], sample.inputs["tokens"])
        answer = encoder.reference(sample.inputs)["hidden"]
        np.testing.assert_array_equal(golden[f"{i}.output.hidden"], answer)


def test_the_manifest_survives_its_own_text(packed: Packed) -> None:
    assert Manifest.from_json(packed.manifest.to_json()) == packed.manifest


@pytest.mark.parametrize(
    ("form", "options"), [("int8", {}), ("kernel int8", {KERNELS_OPTION: DOMAIN_VERSION})]
)
def test_a_variant_asks_for_kernels_where_its_graphs_have_nodes_of_theirs(
    form: str, options: dict[str, int], lowered: Lowered, encoder: Captured, samples: Samples
) -> None:
    recipe = Recipe("one form", ((EVERY, Treatment(form)),), ())
    quantized = quantize(Calibration(lowered.model, samples, ORT_CPU, FORMS), recipe)
    made = TargetBuild(
        target=CPU,
        parts=Graphs({MAIN_GRAPH: QuantizedGraph(quantized, encoder.graph)}, encoder.symbols),
        tolerance={tensor.name: 0.1 for tensor in encoder.graph.outputs},
        scores={},
        verdict="pass",
        measured=None,
    )
    packed = pack([made], GoldenVectors((), {}), label=Label(name="tiny", budget={}, source=None), reports={})
    (variant,) = packed.manifest.variants
    assert variant.engine.options == options
    model = ir.from_proto(onnx.load_from_string(packed.files["model.onnx"]))
    assert bool(model.functions) == bool(options)
