"""The same int8 model answers alike in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgeattn.bundle import Bundle
from edgeattn.measure.runners import runner_of_bundle, runner_of_graphs, runner_of_main_graph
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.graphs import Graphs as Parts8
from edgeattn_export.quantize.graphs import QuantizedGraph
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH


def test_in_memory_and_on_disk(bundle: Bundle, folder: Path, samples: SampleSplit) -> None:
    model = ir.from_proto(ir.serde.onnx.ModelProto.FromString(bundle.packed.files["model.onnx"]))
    part = QuantizedGraph(Quantized(model, DYNAMIC_INT8, ()), bundle.manifest.graphs[MAIN_GRAPH])
    files = open_bundle(folder)
    (variant,) = files.manifest.variants
    runners = (
        runner_of_graphs(Parts8({MAIN_GRAPH: part}, {}), ORT_CPU, threads=1),
        runner_of_bundle(files, variant, threads=1),
        runner_of_main_graph(files, variant, threads=2),
    )
    for sample in samples.evaluation:
        first, *others = (runner(sample.inputs)["tags"] for runner in runners)
        for other in others:
            np.testing.assert_array_equal(first, other)
