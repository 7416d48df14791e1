from __future__ import annotations

import hashlib
from importlib import metadata

import numpy as np
from safetensors.numpy import load

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.serialize import serialize
from edgeattn_export.pack import Packed, pack
from edgeattn_export.pack.pack import GOLDEN_FILE, NEEDS, TOOLS, Label, Verdict
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.parts import Part, Parts
from edgeattn_runtime.manifest import MAIN_GRAPH, FileEntry, Manifest
from edgeattn_runtime.rows import Padding, Rows
from edgeattn_runtime.settings import SessionSettings


def test_the_manifest_says_what_was_handed_over(
    packed: Packed, encoder: Captured, quantized: Quantized
) -> None:
    manifest = packed.manifest
    assert (manifest.name, manifest.target, manifest.verdict) == ("tiny", "cpu", "pass")
    assert manifest.graphs == {"model": encoder.graph}
    assert manifest.symbols == encoder.symbols
    assert (manifest.budget, manifest.scores) == ({"cosine": 0.99}, {"cosine": 0.999})
    assert manifest.golden.tolerance == {"cosine": 0.99}
    assert manifest.requires == NEEDS
    assert manifest.provenance == {
        "versions": {tool: metadata.version(tool) for tool in TOOLS},
        "recipe": quantized.recipe.name,
        "opset": 23,
        "source": None,
    }


def test_what_was_measured_goes_into_the_manifest(encoder: Captured, quantized: Quantized) -> None:
    session, rows = SessionSettings(threads=2), Rows("batch", Padding("mask", 0))
    manifest = pack(
        Parts({MAIN_GRAPH: Part(quantized, encoder.graph)}, encoder.symbols),
        [],
        tolerance=0.99,
        label=Label(name="tiny", target="cpu", source=None),
        verdict=Verdict(budget={}, scores={}, word="pass"),
        reports={},
        session=session,
        rows=rows,
    ).manifest
    assert (manifest.session, manifest.rows) == (session, rows)


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
    assert len(golden) == packed.manifest.golden.samples * 4  # two inputs, two outputs
    for i, sample in enumerate(samples[:2]):
        np.testing.assert_array_equal(golden[f"{i}.input.tokens"], sample.inputs["tokens"])
        answer = encoder.reference(sample.inputs)["hidden"]
        np.testing.assert_array_equal(golden[f"{i}.output.hidden"], answer)


def test_the_manifest_survives_its_own_text(packed: Packed) -> None:
    assert Manifest.from_json(packed.manifest.to_json()) == packed.manifest
