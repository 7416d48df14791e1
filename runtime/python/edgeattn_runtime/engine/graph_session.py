"""A graph that is ready to be called: opened, its arrays bound, its failures explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import onnxruntime
from numpy.typing import NDArray

from edgeattn_runtime.boundary import Boundary, lacking, reason_of, refusing, shortage, text_of
from edgeattn_runtime.contract import Arrays, out_of_table
from edgeattn_runtime.engine.deadline import current
from edgeattn_runtime.engine.fork import ForkGuard
from edgeattn_runtime.errors import BundleError, EdgeAttnError, InputError
from edgeattn_runtime.graph import Graph, Tensor

_OUT_OF_RANGE = re.compile(r"idx=(-?\d+) must be within the inclusive range \[-?\d+,(\d+)\]")
_ENGINE_NAMES = {"float32": "float", "float64": "double"}  # where onnxruntime's differ from numpy's


_Answer = TypeVar("_Answer")


class OpenGraph(Protocol):
    """A graph with its contract; it is called with arrays that are known to keep it."""

    @property
    def graph(self) -> Graph:
        """The contract."""

    def run(self, arrays: Arrays) -> Arrays:
        """Answer arrays, one per input, with arrays, one per output; raises as ``GraphSession.run`` does."""

    def bind(self, inputs: Arrays, outputs: Arrays) -> Callable[[], None]:
        """Return a call that reads these inputs, as they are then, and writes these outputs."""


class GraphSession:
    """A session and the contract of its graph; the graph may lie in a bundle, or only in memory.

    Raises:
        BundleError: The session's inputs and outputs are not the contract's.
    """

    def __init__(self, graph: Graph, session: onnxruntime.InferenceSession, label: str = "the graph") -> None:
        self.graph = graph
        self._session = session
        self._label = label
        self._outputs = [tensor.name for tensor in graph.outputs]
        self._fork = ForkGuard(session, label)
        with refusing(BundleError, label, "its inputs and outputs cannot be read", "export again"):
            self._check("inputs", session.get_inputs(), graph.inputs)
            self._check("outputs", session.get_outputs(), graph.outputs)

    def run(self, arrays: Arrays) -> Arrays:
        """Answer arrays, one per input of the contract, with one per output, by name.

        Raises:
            InputError: An index in them is out of range for its lookup table, or they need more memory than
                there is; or the session stayed behind in a fork, see ``ForkGuard``.
            DeadlineError: The deadline of this thread's calls has passed, or passes meanwhile.
            BundleError: The graph fails on inputs that its contract allows, or gives an output of another
                rank than its contract's.
        """
        answers = self._ended(arrays, lambda options: self._session.run(self._outputs, arrays, options))
        for tensor, answer in zip(self.graph.outputs, answers, strict=True):
            if answer.ndim != len(tensor.dims):
                raise BundleError(
                    f"{self._label}: output {tensor} of {answer.ndim} dims found, {len(tensor.dims)} "
                    "expected by the manifest; export again"
                )
        return dict(zip(self._outputs, answers, strict=True))

    def bind(self, inputs: Arrays, outputs: Arrays) -> Callable[[], None]:
        """Return a call that reads and writes these arrays' own memory, as it is then, and copies none.

        The outputs that are asked for have the dims that they will have; the array of a cache is both its
        ``past`` and its ``present``. The call raises as ``run`` does, and is one thread's at a time.
        """
        with running(self._label, inputs):
            bound = BoundCall(self._session, inputs, outputs)
        return lambda: self._ended(inputs, bound)

    def _ended(self, inputs: Arrays, call: Callable[[onnxruntime.RunOptions | None], _Answer]) -> _Answer:
        """Make a call of onnxruntime's, and end it by the deadline of this thread's calls."""
        deadline = current()
        if deadline is None:
            with self._fork, running(self._label, inputs):
                return call(None)

        def ended(error: BaseException) -> EdgeAttnError:
            return deadline.error(self._label) if deadline.is_over else failure(self._label, error, inputs)

        with self._fork, Boundary(ended), deadline.options(self._label) as options:
            return call(options)

    def _check(self, kind: str, nodes: Sequence[onnxruntime.NodeArg], tensors: Sequence[Tensor]) -> None:
        types = {node.name: node.type for node in nodes}
        expected = {
            tensor.name: f"tensor({_ENGINE_NAMES.get(tensor.dtype, tensor.dtype)})" for tensor in tensors
        }
        if types != expected:
            raise BundleError(
                f"{self._label}: {kind} {types} found, {expected} expected by the manifest; export again"
            )


class BoundCall:
    """Reads and writes the arrays' own memory, as it is at the time of each call; all are C-contiguous."""

    def __init__(self, session: onnxruntime.InferenceSession, inputs: Arrays, outputs: Arrays) -> None:
        self._session = session
        self._binding = session.io_binding()
        wrap = onnxruntime.OrtValue.ortvalue_from_numpy
        # Kept, since the arrays must live as long as their binding, and not every onnxruntime sees to it.
        self._inputs = {name: wrap(array) for name, array in inputs.items()}
        self._outputs = {name: wrap(array) for name, array in outputs.items()}
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._outputs.items():
            self._binding.bind_ortvalue_output(name, value)

    def __call__(self, options: onnxruntime.RunOptions | None = None) -> None:
        """Run the graph; raises onnxruntime's own errors where it fails."""
        self._session.run_with_iobinding(self._binding, options)


def running(graph: str, inputs: Mapping[str, NDArray[Any]]) -> Boundary:
    """Return the boundary around a call of onnxruntime's, out of which ``failure`` comes."""
    return Boundary(lambda error: failure(graph, error, inputs))


def failure(graph: str, error: BaseException, inputs: Mapping[str, NDArray[Any]]) -> EdgeAttnError:
    """Return what to raise where onnxruntime failed: the inputs are at fault, the machine, or the graph."""
    reason, lack = reason_of(error), lacking(error)
    if match := _OUT_OF_RANGE.search(text_of(error)):
        return _index_error(graph, int(match[1]), int(match[2]), inputs)
    if lack == "memory":
        shapes = ", ".join(f"{name} {tuple(array.shape)}" for name, array in inputs.items())
        return InputError(
            f"{graph}: {shapes} need more memory than there is ({reason}); give shorter inputs, or fewer at "
            "a time"
        )
    if lack is not None:
        return shortage(graph, lack, error)
    return BundleError(f"{graph}: fails on inputs that its contract allows ({reason}); export again")


def _index_error(graph: str, row: int, last: int, inputs: Mapping[str, NDArray[Any]]) -> InputError:
    holder = next((name for name, array in inputs.items() if array.dtype.kind in "iu" and row in array), None)
    if holder is None:  # such as a position, which follows from how long an input is
        return InputError(
            f"{graph}: index {row} out of range for a lookup table of {last + 1} rows; give shorter "
            "inputs, or smaller numbers in them"
        )
    return InputError(f"{graph}: {out_of_table(holder, row, last + 1)}")
