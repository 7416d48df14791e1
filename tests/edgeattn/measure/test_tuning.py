from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir
import pytest

from edgeattn.bundle import Bundle
from edgeattn.measure import tuning as module
from edgeattn.measure.tuning import tune
from edgeattn_export.graph.samples import Inputs, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.graphs import Graphs as Parts8
from edgeattn_export.quantize.graphs import QuantizedGraph
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Manifest
from edgeattn_runtime.bundle.rows import Rows, Stack


@pytest.fixture(scope="module")
def parts(bundle: Bundle) -> Parts8:
    """The graph of the session's bundle."""
    model = ir.from_proto(ir.serde.onnx.ModelProto.FromString(bundle.packed.files["model.onnx"]))
    graph = bundle.manifest.graphs[MAIN_GRAPH]
    return Parts8(
        {MAIN_GRAPH: QuantizedGraph(Quantized(model, DYNAMIC_INT8, ()), graph)}, bundle.manifest.symbols
    )


@pytest.fixture
def inputs(samples: SampleSplit) -> list[Inputs]:
    return [sample.inputs for sample in samples.selection]


def test_what_was_found_fits_the_manifest(bundle: Bundle, parts: Parts8, inputs: list[Inputs]) -> None:
    tuned = tune(parts, ORT_CPU, inputs, bundle.manifest.rows, cores=2)
    (variant,) = bundle.manifest.variants
    variant = replace(variant, session=tuned.session, stacks=tuned.stacks)
    manifest = replace(bundle.manifest, variants=(variant,))
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_stacks_are_measured_on_rows_without_their_padding(
    bundle: Bundle, parts: Parts8, inputs: list[Inputs], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[tuple[int, ...]] = []

    def measure_stacks(
        rows: Rows, graph: object, symbols: object, real: list[Inputs], *_: object, **__: object
    ) -> tuple[Stack, ...]:
        measured.extend(arrays["tokens"].shape for arrays in real)
        return (Stack({}, 8),)

    monkeypatch.setattr(module, "measure_stacks", measure_stacks)
    length = inputs[0]["tokens"].shape[1]
    padded = {name: array.copy() for name, array in inputs[0].items()}
    padded["attention_mask"][:, -2:] = 0
    tuned = tune(parts, ORT_CPU, [padded], bundle.manifest.rows, cores=2)
    assert measured == [(1, length - 2)]
    assert tuned.stacks == (Stack({}, 8),)


def test_a_graph_of_dependent_rows_has_a_session_but_no_stacks(parts: Parts8, inputs: list[Inputs]) -> None:
    tuned = tune(parts, ORT_CPU, inputs, None, cores=2)
    assert tuned.session.threads >= 1
    assert tuned.stacks == ()
