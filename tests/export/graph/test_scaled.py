from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.scaled import note_scaled, scaled
from edgeattn_export.graph.serialize import serialize


def test_factors_multiply_and_are_kept_in_copies_and_files(tmp_path: Path) -> None:
    model = ir.Model(ir.Graph([], [], nodes=[], opset_imports={"": 23}, name="g"), ir_version=10)
    model.metadata_props["author"] = "someone"
    assert scaled(model) == {}
    note_scaled(model, ir.Value(name="x"), np.array([2, 0.5], np.float32))
    note_scaled(model, ir.Value(name="x"), np.array([2, 0], np.float32))
    path = tmp_path / "model.onnx"
    path.write_bytes(serialize(model))
    for held in (model, model.clone(), ir.load(path)):
        (factors,) = scaled(held).items()
        assert factors[0] == "x"
        assert factors[1].tolist() == [4, 0]
