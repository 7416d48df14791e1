"""A graph opened in onnxruntime: called with arrays that are known to keep its contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnxruntime

from edgeattn_runtime.binding import BOUND_ERRORS, BoundCall
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.failure import failure
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.session import ENGINE_ERRORS

_ENGINE_NAMES = {"float32": "float", "float64": "double"}  # where onnxruntime's differ from numpy's


class GraphSession:
    """A session and the contract of its graph; the graph may lie in a bundle, or in memory alone.

    Args:
        graph: The contract.
        session: The graph.
        label: What its errors call it, such as its file.

    Raises:
        BundleError: The session's inputs and outputs are not the contract's.
    """

    def __init__(self, graph: Graph, session: onnxruntime.InferenceSession, label: str = "the graph") -> None:
        self.graph = graph
        self._session = session
        self._label = label
        self._outputs = [tensor.name for tensor in graph.outputs]
        self._check("inputs", session.get_inputs(), graph.inputs)
        self._check("outputs", session.get_outputs(), graph.outputs)

    def run(self, arrays: Arrays) -> Arrays:
        """Run the graph.

        Args:
            arrays: One per input of the contract.

        Returns:
            One array per output, by name.

        Raises:
            InputError: A number in them is beyond the table that it is looked up in, or they need more memory
                than there is.
            BundleError: The graph fails on inputs that its contract allows.
        """
        try:
            return dict(zip(self._outputs, self._session.run(self._outputs, arrays), strict=True))
        except ENGINE_ERRORS as error:
            raise failure(self._label, error, arrays) from error

    def bind(self, inputs: Arrays, outputs: Arrays) -> Callable[[], None]:
        """Return a call that reads and writes these arrays' own memory, and copies none.

        Args:
            inputs: One per input of the contract; known to keep it at the time of each call.
            outputs: The outputs that are asked for, of the dims that they will have. The array of a cache is
                both its ``past`` and its ``present``.

        Returns:
            The call, which raises as ``run`` does where the graph fails. It is one thread's at a time.
        """
        bound = BoundCall(self._session, inputs, outputs)

        def call() -> None:
            try:
                bound()
            except BOUND_ERRORS as error:
                raise failure(self._label, error, inputs) from error

        return call

    def _check(self, kind: str, nodes: Sequence[onnxruntime.NodeArg], tensors: Sequence[Tensor]) -> None:
        found = {node.name: node.type for node in nodes}
        expected = {
            tensor.name: f"tensor({_ENGINE_NAMES.get(tensor.dtype, tensor.dtype)})" for tensor in tensors
        }
        if found != expected:
            raise BundleError(
                f"{self._label}: {kind} {found} found, {expected} expected by the manifest; export again"
            )
