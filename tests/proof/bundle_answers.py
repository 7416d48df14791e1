"""What a graph answers, and what samples feed to the main graph of a bundle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort

from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.generation import CAPACITY


def runner(graph: onnx.ModelProto, *, fused: bool = True, threads: int = 1) -> Callable[[Inputs], Outputs]:
    """Return what answers as a graph does."""
    options, levels = ort.SessionOptions(), ort.GraphOptimizationLevel
    options.log_severity_level, options.intra_op_num_threads = 4, threads
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if fused else levels.ORT_DISABLE_ALL
    session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(None, dict(inputs)), strict=True))


def main_inputs(files: BundleFiles, samples: list[Inputs]) -> list[Inputs]:
    """Return what samples feed to the main graph: of a decoder, prompts with an empty cache."""
    manifest = files.manifest
    generation, graph = manifest.generation, manifest.graphs[manifest.main_graph]
    if generation is None:
        return samples
    encoder = generation.encoder
    path = None if encoder is None else files.path(manifest.variants[0].files[encoder])
    encode = (lambda _: {}) if path is None else runner(onnx.load(path))
    caches = {entry.past for entry in generation.cache}
    prompts: list[Inputs] = []
    for sample in samples:
        tokens = sample[generation.tokens]
        encoded = encode({name: sample[name] for name in generation.sources})
        room = {"batch": tokens.shape[0], CAPACITY: tokens.shape[1]}
        empty = {
            tensor.name: np.zeros([room.get(str(dim), dim) for dim in tensor.dims], tensor.dtype)
            for tensor in graph.inputs
            if tensor.name in caches
        }
        prompts.append(
            {**encoded, **empty, generation.tokens: tokens, generation.length: np.zeros(1, np.int64)}
        )
    return prompts
