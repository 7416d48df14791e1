from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.values import channel_factors, note_channel_factors


def test_factors_multiply_and_are_kept_in_copies_and_files(tmp_path: Path) -> None:
    model = ir.Model(ir.Graph([], [], nodes=[], opset_imports={"": 23}, name="g"), ir_version=10)
    model.metadata_props["author"] = "someone"
    assert channel_factors(model) == {}
    note_channel_factors(model, ir.Value(name="x"), np.array([2, 0.5], np.float32))
    note_channel_factors(model, ir.Value(name="x"), np.array([2, 0], np.float32))
    path = tmp_path / "model.onnx"
    path.write_bytes(serialize(model))
    for held in (model, model.clone(), ir.load(path)):
        (factors,) = channel_factors(held).items()
        assert factors[0] == "x"
        assert factors[1].tolist() == [4, 0]
