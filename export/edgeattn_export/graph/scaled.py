"""Values whose channels a graph holds multiplied by constants: noted in it, for whoever looks inside.

A layer that takes over another's divisor, or leaves channels to others, keeps the model's numbers and not its
own. The note costs 4 bytes a channel.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_NOTE = "edgeattn.scaled:"


def note_scaled(model: ir.Model, value: ir.Value, factor: NDArray[np.floating[Any]]) -> None:
    """Note that a value is about to hold its channels, its last dim, multiplied by ``factor`` (C).

    What is noted of it already is multiplied, too.
    """
    known = scaled(model).get(value.name or "", np.ones_like(factor))
    product = (known * factor).astype("<f4")
    model.metadata_props[f"{_NOTE}{value.name}"] = base64.b64encode(product.tobytes()).decode()


def scaled(model: ir.Model) -> Mapping[str, Floats]:
    """Return what each noted value's channels are multiplied by (C), by the value's name."""
    return {
        key.removeprefix(_NOTE): np.frombuffer(base64.b64decode(text), "<f4")
        for key, text in model.metadata_props.items()
        if key.startswith(_NOTE)
    }
