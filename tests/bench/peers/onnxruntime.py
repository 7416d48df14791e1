"""ONNX Runtime on PyTorch's own export, in float."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import HIDDEN, Array, Batch, Call, Job, Peer

PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")
OPSETS = (18, 23)  # with attention spelled out, and as one operator


def export(job: Job, folder: Path) -> None:
    """Export at both opsets."""
    for opset in OPSETS:
        _export(job, folder / f"opset {opset}", opset)


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open a session with all optimizations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    (file,) = variant.glob("*.onnx")
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    known = {each.name for each in session.get_inputs()}

    def bind(batch: Batch) -> Call:
        feed = {name: array for name, array in batch.padded().items() if name in known}

        def call() -> Array:
            return np.asarray(session.run(None, feed)[0])

        return call

    return bind


def _export(job: Job, variant: Path, opset: int) -> None:
    import torch
    from networks.hidden import hidden

    variant.mkdir()
    feed = job.example.padded()
    torch.onnx.export(
        hidden(job.weights),
        tuple(torch.from_numpy(array) for array in feed.values()),
        variant / "model.onnx",
        input_names=list(feed),
        dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC} for _ in feed),
        opset_version=opset,
        external_data=False,
        dynamo=True,
    )


PEERS = (
    Peer(
        "onnxruntime",
        "onnxruntime",
        PACKAGES,
        export,
        load,
        sources=(HIDDEN,),
        title="onnxruntime {onnxruntime}, float",
    ),
)
