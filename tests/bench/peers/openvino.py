# mypy: disable-error-code="import-not-found"
"""OpenVINO: Optimum's export, NNCF's post-training quantization for transformers, calibrated without padding.

With dynamic shapes. On a CPU that has bf16 it takes that where
int8 ends, unless `INFERENCE_PRECISION_HINT` says f32: the variants.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import Array, Batch, Call, Job, Peer

PACKAGES = ("openvino", "nncf", "optimum-intel", "torch")


def export(job: Job, folder: Path) -> None:
    """Export and quantize."""
    import nncf
    import openvino
    from optimum.exporters.openvino import main_export

    plain = folder.with_name("plain")
    main_export(str(job.weights), plain, task="feature-extraction", library_name="transformers")
    model = openvino.Core().read_model(plain / "openvino_model.xml")
    known = {name for port in model.inputs for name in port.names}
    feeds = [{name: array for name, array in feed.items() if name in known} for feed in job.calibration]
    quantized = nncf.quantize(
        model, nncf.Dataset(feeds), model_type=nncf.ModelType.TRANSFORMER, subset_size=300
    )
    for precision in ("f32", "bf16"):
        openvino.save_model(quantized, folder / precision / "model.xml")


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Compile for latency on one stream."""
    import openvino

    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "INFERENCE_PRECISION_HINT": variant.name,
    }
    compiled = openvino.Core().compile_model(variant / "model.xml", "CPU", settings)
    known = {name for port in compiled.inputs for name in port.names}

    def bind(batch: Batch) -> Call:
        feed = {name: array for name, array in batch.padded().items() if name in known}
        request = compiled.create_infer_request()

        def call() -> Array:
            return np.asarray(request.infer(feed, share_inputs=True, share_outputs=True)[0])

        return call

    return bind


PEERS = (
    Peer(
        "openvino",
        "openvino",
        PACKAGES,
        export,
        load,
        calibrates=True,
        title="OpenVINO {openvino} int8, dynamic shapes",
    ),
)
