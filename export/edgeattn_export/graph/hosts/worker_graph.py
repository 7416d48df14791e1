"""A graph in a worker, called as one in a session of this process is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeattn_export.graph.runner import Runner
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.graph import Graph


@dataclass(frozen=True)
class WorkerGraph:
    """Sends its inputs and fetches its outputs in every call.

    Attributes:
        graph: The contract.
        runner: The worker.
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
