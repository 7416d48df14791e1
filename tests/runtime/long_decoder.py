"""A decoder of so many positions that its answer is longer than what a stream of it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from listing import relist
from onnx import numpy_helper

POSITIONS, TIMES = 16, 64


def make_long(bundle: Path) -> Path:
    """Give a copy of the decoder 1,024 positions, by its own sixteen over and over."""
    path = bundle / "model.onnx"
    model = onnx.load(path)
    (places,) = (
        each for each in model.graph.initializer if each.dims[:1] == [POSITIONS] and each.name != "table"
    )
    tiled = np.tile(numpy_helper.to_array(places), (TIMES, 1))
    places.CopyFrom(numpy_helper.from_array(tiled, places.name))
    onnx.save(model, path)

    def change(manifest: Any) -> None:
        manifest["generation"]["positions"] = POSITIONS * TIMES
        for name in ("sequence", "capacity"):
            manifest["symbols"][name]["max"] = POSITIONS * TIMES

    return relist(bundle, "model.onnx", change=change)
