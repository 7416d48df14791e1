"""ONNX Runtime on PyTorch's own export: in float, and by its `quantize_dynamic` per channel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import HIDDEN, Array, Batch, Call, Job, Peer

PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")
OPSETS = (18, 23)  # with attention spelled out, and as one operator


def export_float(job: Job, folder: Path) -> None:
    """Export at both opsets."""
    for opset in OPSETS:
        _export(job, folder / f"opset {opset}", opset)


def export_int8(job: Job, folder: Path) -> None:
    """Export at both opsets and quantize all but Attention, which would become an invalid operator."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    for opset in OPSETS:
        variant = folder / f"opset {opset}"
        _export(job, variant, opset)
        plain = (variant / "model.onnx").rename(variant / "float.onnx")
        quantize_dynamic(
            plain,
            variant / "model.onnx",
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
        plain.unlink()


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
        dynamic_shapes=tuple(_axes(array.ndim) for array in feed.values()),
        opset_version=opset,
        external_data=False,
        dynamo=True,
    )


def _axes(rank: int) -> dict[int, object]:
    import torch

    names = ("batch", "sequence") if rank == 2 else ("batch",)
    return {axis: torch.export.Dim.DYNAMIC for axis, _ in enumerate(names)}


PEERS = (
    Peer(
        "onnxruntime",
        "onnxruntime",
        PACKAGES,
        export_float,
        load,
        sources=(HIDDEN,),
        title="onnxruntime {onnxruntime}, float",
    ),
    Peer("onnxruntime-int8", "onnxruntime", PACKAGES, export_int8, load, sources=(HIDDEN,)),
)
