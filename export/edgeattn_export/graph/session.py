"""An ir.Model in onnxruntime, without leaving anything in the working folder."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.serialize import INLINE_LIMIT, serialize, weight_bytes
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.session import ENGINE_ERRORS, explain, open_session


def session_of(model: ir.Model, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open a model as the device would.

    Raises:
        BundleError: onnxruntime refuses the graph.
    """
    if weight_bytes(model) < INLINE_LIMIT:
        return open_session(serialize(model), providers=("CPUExecutionProvider",), threads=threads)
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        path = Path(folder) / "model.onnx"
        ir.save(model, path, external_data="model.onnx.data")
        return open_session(path, providers=("CPUExecutionProvider",), threads=threads)


def run(session: onnxruntime.InferenceSession, inputs: Inputs) -> dict[str, NDArray[np.generic]]:
    """Run a session on inputs by name and return its outputs by name.

    Raises:
        BundleError: onnxruntime fails on the inputs.
    """
    names = [output.name for output in session.get_outputs()]
    known = {value.name for value in session.get_inputs()}
    feed = {name: value for name, value in inputs.items() if name in known}
    try:
        return dict(zip(names, session.run(names, feed), strict=True))
    except ENGINE_ERRORS as error:
        raise BundleError(f"onnxruntime fails: {explain(error)}") from error
