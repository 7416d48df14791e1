"""One node of Attention: onnxruntime's own, or the kernels'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

Array = NDArray[np.generic]

INPUTS = ("Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen")
OUTPUTS = ("Y", "present_key", "present_value", "qk_matmul_output")


@dataclass(frozen=True)
class AttentionNode:
    """A node with its inputs.

    Attributes:
        inputs: By their names in ONNX; those that are left out are absent.
        attributes: The node's.
        outputs: How many it is asked for.
    """

    inputs: Mapping[str, Array]
    attributes: Mapping[str, float] = field(default_factory=dict)
    outputs: int = 1

    def stock(self) -> list[Array]:
        """What onnxruntime's own kernel answers."""
        return self.session().run(None, dict(self.inputs))

    def kernels(self, library: Path, threads: int = 1) -> list[Array]:
        """What the library answers."""
        return self.session(library, threads).run(None, dict(self.inputs))

    def session(self, library: Path | None = None, threads: int = 1) -> ort.InferenceSession:
        """A session of this node alone, of the library's operator where one is given."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what a test provokes is read from the exception
        if library is not None:
            options.register_custom_ops_library(str(library))
        return ort.InferenceSession(
            self._model("" if library is None else "edgeattn"), options, providers=["CPUExecutionProvider"]
        )

    def _model(self, domain: str) -> bytes:
        names = [name if name in self.inputs else "" for name in INPUTS]
        while not names[-1]:
            names.pop()
        outputs = OUTPUTS[: self.outputs]
        node = onnx.helper.make_node("Attention", names, outputs, "attention", domain=domain, **self.attributes)
        graph = onnx.helper.make_graph(
            [node],
            "graph",
            [
                onnx.helper.make_tensor_value_info(
                    name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), [None] * value.ndim
                )
                for name, value in self.inputs.items()
            ],
            [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs],
        )
        opsets = [onnx.helper.make_opsetid("", 23), onnx.helper.make_opsetid("edgeattn", 1)]
        return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
