"""A bundle whose graph never ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
from listing import relist

from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, write_golden

X = {"x": np.ones(1, np.float32)}

# Adds a number to itself 2^63 - 1 times.
_GRAPH = """
<ir_version: 8, opset_import: ["" : 17]>
endless (float[1] x) => (float[1] y)
<bool go = {1}, int64 times = {9223372036854775807}>
{
    y = Loop <body = step (int64 i, bool on, float[1] v) => (bool more, float[1] w) {
        more = Identity(on)
        w = Add(v, v)
    }> (times, go, x)
}
"""


def endless_model() -> bytes:
    """Return an ONNX file."""
    serialized: bytes = onnx.parser.parse_model(_GRAPH).SerializeToString()
    return serialized


def make_endless(bundle: Path) -> Path:
    """Give a copy of the good bundle a graph that never ends; its other files stay."""
    (bundle / "model.onnx").write_bytes(endless_model())
    write_golden(
        bundle / "golden.safetensors",
        GoldenVectors((Sample(X, {"y": np.ones(1, np.float32)}),), {"y": np.ones(1, np.float32)}),
    )
    tensors = [[{"name": name, "dtype": "float32", "dims": [1]}] for name in "xy"]

    def change(manifest: Any) -> None:
        for variant in manifest["variants"]:
            variant["tolerance"] = {"y": 0.1}
        manifest |= {
            "graphs": {"model": {"inputs": tensors[0], "outputs": tensors[1]}},
            "symbols": {},
            "golden": {"file": "golden.safetensors", "samples": 1},
        }

    return relist(bundle, "model.onnx", "golden.safetensors", change=change)
