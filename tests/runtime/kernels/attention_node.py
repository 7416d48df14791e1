"""One node of Attention: onnxruntime's own, or the kernels'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx_ir as ir
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
        shapes: Of inputs, as the graph declares them; each dimension a name of its own where left out.
    """

    inputs: Mapping[str, Array]
    attributes: Mapping[str, float] = field(default_factory=dict)
    outputs: int = 1
    shapes: Mapping[str, list[int | str]] = field(default_factory=dict)

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
        values = {
            name: ir.Value(
                name=name,
                type=ir.TensorType(ir.DataType.from_numpy(array.dtype)),
                shape=ir.Shape(self.shapes.get(name, [f"{name}_{axis}" for axis in range(array.ndim)])),
            )
            for name, array in self.inputs.items()
        }
        outputs = [
            ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT)) for name in OUTPUTS[: self.outputs]
        ]
        last = max(INPUTS.index(name) for name in values)
        node = ir.node(
            "Attention",
            [values.get(name) for name in INPUTS[: last + 1]],
            dict(self.attributes),
            domain=domain,
            outputs=outputs,
            name="attention",
        )
        graph = ir.Graph(
            list(values.values()), outputs, nodes=[node], opset_imports={"": 23, "edgeattn": 1}, name="graph"
        )
        return ir.to_proto(ir.Model(graph, ir_version=10)).SerializeToString()
