"""What a graph is that is ready to be called, wherever it runs: a session here, or a worker elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.graph import Graph


class OpenGraph(Protocol):
    """A graph with its contract; it is called with arrays that are known to keep it."""

    @property
    def graph(self) -> Graph:
        """The contract."""

    def run(self, arrays: Arrays) -> Arrays:
        """Answer arrays, one per input, with arrays, one per output; raises as ``GraphSession.run`` does."""

    def bind(self, inputs: Arrays, outputs: Arrays) -> Callable[[], None]:
        """Return a call that reads these inputs, as they are then, and writes these outputs."""
