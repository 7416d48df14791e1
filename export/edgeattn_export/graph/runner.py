"""What answers inputs by name with outputs by name: a module, a graph in its engine, a decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import onnxruntime
from numpy.typing import NDArray

from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.engine.graph_session import running
from edgeattn_runtime.graph import Graph

if TYPE_CHECKING:  # a worker has no PyTorch
    from edgeattn_export.graph.samples import Inputs

RECORD_ASSIGNMENT = {"session.record_ep_graph_assignment_info": True}  # by which a session can report them


@dataclass(frozen=True, slots=True)
class Partition:
    """Nodes, by name, that an engine gave to an execution provider as one graph."""

    provider: str
    nodes: tuple[str, ...]


class Runner(Protocol):
    """A model, whatever it runs in."""

    def __call__(self, inputs: Inputs) -> Outputs:
        """Answer once.

        Raises:
            EdgeAttnError: It fails on the inputs.
        """

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return a call that answers these inputs and converts nothing, for timing."""


class PlacedRunner(Runner, Protocol):
    """A runner that can report where its nodes run."""

    def partitions(self) -> tuple[Partition, ...]:
        """Return them; none where the engine does not report them, or was not asked to on opening."""


class SessionRunner:
    """A graph in an onnxruntime session; inputs that the graph does not take are left out.

    Args:
        session: The graph.
        label: What its errors call it.
    """

    def __init__(self, session: onnxruntime.InferenceSession, label: str = "onnxruntime") -> None:
        self._session, self._label = session, label
        self._inputs = tuple(value.name for value in session.get_inputs())
        self._outputs = [value.name for value in session.get_outputs()]

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        """Answer once; raises InputError or BundleError as ``failure`` says."""
        return dict(zip(self._outputs, self.bind(inputs)(), strict=True))

    def bind(self, inputs: Inputs) -> Callable[[], list[NDArray[Any]]]:
        """Return the call that an app makes: arrays in, arrays out."""
        fed = {name: inputs[name] for name in self._inputs}
        boundary = running(self._label, fed)

        def call() -> list[NDArray[Any]]:
            with boundary:
                return list(self._session.run(self._outputs, fed))

        return call

    def partitions(self) -> tuple[Partition, ...]:
        """Return what runs where, see ``RECORD_ASSIGNMENT``."""
        assignment = getattr(self._session, "get_provider_graph_assignment_info", tuple)  # from 1.24 on
        return tuple(
            Partition(graph.ep_name, tuple(node.name for node in graph.get_nodes())) for graph in assignment()
        )


@dataclass(frozen=True)
class RunnerGraph:
    """A graph in a runner, called by its contract; a worker is sent inputs, and sends outputs, in every call.

    Attributes:
        graph: The contract.
        runner: Of the same graph.
    """

    graph: Graph
    runner: Runner

    def run(self, arrays: Arrays) -> Arrays:
        """Answer arrays; raises as the runner does."""
        return dict(self.runner(arrays))

    def bind(self, inputs: Arrays, outputs: Arrays) -> Callable[[], None]:
        """Return a call that copies its answers into ``outputs``; an array may be an input's too."""

        def call() -> None:
            answers = self.runner(inputs)
            for name, array in outputs.items():
                array[...] = answers[name]

        return call
