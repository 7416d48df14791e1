"""A worker: opens one graph in the onnxruntime of its own environment, and answers what its owner sends.

It runs in another Python than edgeattn, one that has numpy, onnxruntime and safetensors. Its requests:

    machine  nothing                              ->  machine, in words
    open     model, providers, options, settings  ->  inputs
    answer   arrays by name                       ->  outputs by name
    bind     arrays by name                       ->  slot, which ``run`` takes
    run      slot                                 ->  nothing: for timing
    place    nothing                              ->  partitions: an execution provider and its nodes, each
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeattn_export.graph.hosts.here import HERE
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.device.peer import serve, standard_streams
from edgeattn_runtime.engine.session import open_session

Arrays = dict[str, NDArray[Any]]


class Worker:
    """One session, and the calls of the inputs that were bound to it."""

    def __init__(self) -> None:
        self._bound: list[Callable[[], object]] = []

    def machine(self, _: dict[str, Any], __: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Describe this machine."""
        return {"machine": HERE.machine()}, {}

    def open(self, request: dict[str, Any], _: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Open the graph."""
        session = open_session(
            Path(request["model"]),
            providers=request["providers"],
            options=request["options"],
            settings=SessionSettings(**request["settings"]),
        )
        self._runner = SessionRunner(session, "the graph")
        return {"inputs": [value.name for value in session.get_inputs()]}, {}

    def answer(self, _: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Answer once."""
        return {}, self._runner(arrays)

    def bind(self, _: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Keep inputs."""
        self._bound.append(self._runner.bind(arrays))
        return {"slot": len(self._bound) - 1}, {}

    def run(self, request: dict[str, Any], _: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Answer inputs that were bound, and keep the answer."""
        self._bound[request["slot"]]()
        return {}, {}

    def place(self, _: dict[str, Any], __: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Return what runs where."""
        return {"partitions": [(each.provider, each.nodes) for each in self._runner.partitions()]}, {}


def main() -> None:
    """Serve on the standard streams."""
    worker = Worker()
    verbs = (worker.machine, worker.open, worker.answer, worker.bind, worker.run, worker.place)
    serve({verb.__name__: verb for verb in verbs}, *standard_streams())
