"""A bundle whose weights lie in a file of their own: a lookup table of 4096 rows, and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx.parser
from example_manifest import VARIANT

from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, write_golden
from edgeattn_runtime.bundle.manifest import FileEntry, Golden, Manifest
from edgeattn_runtime.graph import Graph, Tensor

ROWS, WIDTH = 4096, 64
ENGINE = replace(VARIANT.engine, providers=("CPUExecutionProvider",), options={})
LOOKUP = replace(
    VARIANT, engine=ENGINE, files={"model": "model.onnx"}, sizes={}, tolerance={"vector": 0.1}, verdict="pass"
)


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
    manifest = Manifest(
        name="lookup",
        graphs={
            "model": Graph(
                (Tensor("row", "int64", (1,), table_rows=ROWS),), (Tensor("vector", "float32", (1, WIDTH)),)
            )
        },
        symbols={},
        variants=(LOOKUP,),
        files={
            path.name: FileEntry(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
            for path in folder.iterdir()
        },
        golden=Golden("golden.safetensors", 1),
        budget={},
        provenance={},
    )
    (folder / "manifest.json").write_text(manifest.to_json(), "utf-8")
    return folder
