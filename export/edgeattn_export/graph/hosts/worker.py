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

import os
import sys
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from edgeattn_export.graph.hosts.frames import read_frame, write_frame
from edgeattn_runtime.errors import EdgeAttnError
from edgeattn_runtime.graph_session import failure
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.session import ENGINE_ERRORS, open_session
from edgeattn_runtime.settings import SessionSettings

Arrays = dict[str, NDArray[Any]]


class Worker:
    """One session, and the inputs that were bound to it."""

    def __init__(self) -> None:
        self._bound: list[Arrays] = []

    def machine(self, _: dict[str, Any], __: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Tell what this is."""
        machine = Machine.here()
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
        try:
            return list(self._session.run(self._outputs, arrays))
        except ENGINE_ERRORS as error:
            raise failure("the graph", error, arrays) from error


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until their sender has gone; what goes wrong is an answer too."""
    worker = Worker()
    while (frame := read_frame(requests)) is not None:
        message, arrays = frame
        try:
            answer, outputs = getattr(worker, message["verb"])(message, arrays)
        except EdgeAttnError as error:
            answer, outputs = {"error": type(error).__name__, "reason": str(error)}, {}
        write_frame(answers, answer, outputs)


def main() -> None:
    """Serve on the standard streams; what libraries print goes to stderr, so that it disturbs no frame."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)
