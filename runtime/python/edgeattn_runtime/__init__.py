"""The device's side of edgeattn: opens a bundle, checks it, and runs it. No PyTorch, no onnx.

    net = edgeattn_runtime.load("sentence.edge")
    embedding = net(input_ids=ids, attention_mask=mask)["embedding"]

    outputs = net(**net.prepare(text="..."))  # where the bundle says how; or image, audio, series

    for token in edgeattn_runtime.generate("story.edge", [5, 2, 9], max_new_tokens=50):
        ...

    best, *others = edgeattn_runtime.generate_many("story.edge", [[5, 2, 9], [4]], num_beams=4)[0]

The bundle's format is specified in runtime/README.md.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

# Official builds of onnxruntime >= 1.29 report usage unless this is set before they are imported.
# Here, since every import of this package, of any of its modules, passes through this file first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from edgeattn_runtime.errors import (
    BadInput,
    BundleError,
    CheckFailed,
    DeadlineError,
    EdgeAttnError,
    IncompatibleRuntimeError,
    InputError,
    ResourceError,
)

if TYPE_CHECKING:
    from edgeattn_runtime.bundle.generation_options import GenerationOptions
    from edgeattn_runtime.decoding import (
        GenerationSession,
        Hypothesis,
        generate,
        generate_many,
        generate_text,
    )
    from edgeattn_runtime.engine.deadline import Deadline
    from edgeattn_runtime.model import Model, load
    from edgeattn_runtime.processing import Label, Prediction, Sound
    from edgeattn_runtime.streams.moving_window import Moment, Stream
    from edgeattn_runtime.streams.stateful_encoder import StepStream
    from edgeattn_runtime.timing.benchmark import bench
    from edgeattn_runtime.update import install

__all__ = [
    "BadInput",
    "BundleError",
    "CheckFailed",
    "Deadline",
    "DeadlineError",
    "EdgeAttnError",
    "GenerationOptions",
    "GenerationSession",
    "Hypothesis",
    "IncompatibleRuntimeError",
    "InputError",
    "Label",
    "Model",
    "Moment",
    "Prediction",
    "ResourceError",
    "Sound",
    "StepStream",
    "Stream",
    "bench",
    "generate",
    "generate_many",
    "generate_text",
    "install",
    "load",
]

__version__ = "0.1.0"

# Imported when they are asked for: what they need, numpy and onnxruntime, takes long to import.
_HEAVY = {
    "bench": "timing.benchmark",
    "Deadline": "engine.deadline",
    "GenerationOptions": "bundle.generation_options",
    "GenerationSession": "decoding",
    "Hypothesis": "decoding",
    "Label": "processing",
    "Model": "model",
    "Moment": "streams.moving_window",
    "Prediction": "processing",
    "Sound": "processing",
    "StepStream": "streams.stateful_encoder",
    "Stream": "streams.moving_window",
    "generate": "decoding",
    "generate_many": "decoding",
    "generate_text": "decoding",
    "install": "update",
    "load": "model",
}


def __getattr__(name: str) -> object:
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)
