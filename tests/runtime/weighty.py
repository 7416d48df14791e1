"""A bundle whose weights lie in a file of their own: a lookup table of 4096 rows, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx.parser
from listing import relist

from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, write_golden

ROWS, WIDTH = 4096, 64


def write(folder: Path, weights: str = "model.onnx.data") -> Path:
    """Write the bundle.

    Args:
        folder: Where to.
        weights: The name of the weights' file.
    """
    folder.mkdir()
    table = np.random.default_rng(5).random((ROWS, WIDTH), np.float32)
    table.tofile(folder / weights)
    stored = onnx.TensorProto(name="table", data_type=onnx.TensorProto.FLOAT, dims=table.shape)
    stored.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", weights), ("offset", "0"), ("length", str(table.nbytes))):
        stored.external_data.add(key=key, value=value)
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["": 21]>'
        f"lookup (int64[1] row) => (float[1, {WIDTH}] vector) {{ vector = Gather(table, row) }}"
    )
    model.graph.initializer.append(stored)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    row = np.array([3], np.int64)
    sample = Sample({"row": row}, {"vector": table[row]})
    spreads = {"vector": np.ones((1, table.shape[1]), np.float32)}
    write_golden(folder / "golden.safetensors", GoldenVectors((sample,), spreads))
    (folder / "manifest.json").write_text(json.dumps(_manifest()))
    return relist(folder, "model.onnx", weights, "golden.safetensors")


def _manifest() -> dict[str, object]:
    variant = {
        "target": "cpu",
        "engine": {
            "name": "onnxruntime",
            "version": "1.23",
            "providers": ["CPUExecutionProvider"],
            "options": {},
        },
        "files": {"model": "model.onnx"},
        "sizes": {},
        "stacks": [],
        "tolerance": {"vector": 0.1},
        "scores": {},
        "verdict": "pass",
        "measured": None,
    }
    return {
        "schema": 2,
        "name": "lookup",
        "graphs": {
            "model": {
                "inputs": [{"name": "row", "dtype": "int64", "dims": [1], "table_rows": ROWS}],
                "outputs": [{"name": "vector", "dtype": "float32", "dims": [1, WIDTH]}],
            }
        },
        "symbols": {},
        "variants": [variant],
        "files": {},
        "golden": {"file": "golden.safetensors", "samples": 1},
        "budget": {},
        "provenance": {},
    }
