"""A worker: opens one graph in the onnxruntime of its own environment, and answers what its owner sends.

It runs in another Python than edgeattn, one that has numpy, onnxruntime and safetensors. Its requests:

    machine  nothing                              ->  machine, in words
    open     model, providers, options, settings  ->  inputs
    answer   arrays by name                       ->  outputs by name
    bind     arrays by name                       ->  slot, which ``run`` takes
    run      slot                                 ->  nothing: for timing
    tell     nothing                              ->  partitions: an execution provider and its nodes, each
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.device.peer import serve, standard_streams
from edgeattn_runtime.engine.graph_session import running
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.timing.machine import Machine

Arrays = dict[str, NDArray[Any]]


class Worker:
    """One session, and the inputs that were bound to it."""

    def __init__(self) -> None:
        self._bound: list[Arrays] = []

    def machine(self, _: dict[str, Any], __: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Tell what this is."""
        machine = Machine.here(kernels_here())
        return {"machine": f"{machine}; onnxruntime {machine.versions['onnxruntime']}"}, {}

    def open(self, request: dict[str, Any], _: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Open the graph."""
        self._session = open_session(
            Path(request["model"]),
            providers=request["providers"],
            options=request["options"],
            settings=SessionSettings(**request["settings"]),
        )
        self._outputs = [value.name for value in self._session.get_outputs()]
        return {"inputs": [value.name for value in self._session.get_inputs()]}, {}

    def answer(self, _: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Answer once."""
        return {}, dict(zip(self._outputs, self._run(arrays), strict=True))

    def bind(self, _: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Keep inputs."""
        self._bound.append(arrays)
        return {"slot": len(self._bound) - 1}, {}

    def run(self, request: dict[str, Any], _: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Answer inputs that were bound, and keep the answer."""
        self._run(self._bound[request["slot"]])
        return {}, {}

    def tell(self, _: dict[str, Any], __: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Tell what runs where."""
        tells = getattr(self._session, "get_provider_graph_assignment_info", None)  # from 1.24 on
        graphs = [] if tells is None else tells()
        return {
            "partitions": [(each.ep_name, [node.name for node in each.get_nodes()]) for each in graphs]
        }, {}

    def _run(self, arrays: Arrays) -> list[Any]:
        with running("the graph", arrays):
            return list(self._session.run(self._outputs, arrays))


def main() -> None:
    """Serve on the standard streams."""
    worker = Worker()
    verbs = (worker.machine, worker.open, worker.answer, worker.bind, worker.run, worker.tell)
    serve({verb.__name__: verb for verb in verbs}, *standard_streams())
