"""Graphs of fixed sizes as one runner: each call goes to the bucket that it fits, as on a device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.lower.fixed import Sizes
from edgeattn_runtime.bundle.rows import Rows
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.engine.buckets import Bucket, Buckets
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import Graph


class BucketRunner:
    """Runners of one graph, each for inputs of some sizes."""

    def __init__(self, graph: Graph, runners: Sequence[tuple[Sizes, Runner]], rows: Rows | None) -> None:
        self._graph = graph
        self._buckets = Buckets(graph, [Bucket(sizes, (), _run(runner)) for sizes, runner in runners], rows)

    def takes(self, inputs: Inputs) -> bool:
        """Say whether there is a bucket for inputs."""
        try:
            self._buckets.check(self._fed(inputs))
        except InputError:
            return False
        return True

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        """Answer once, padding taken off; raises InputError where no bucket fits."""
        return dict(self._buckets.run(self._fed(inputs)))

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return the call that an app makes, padding included."""
        return lambda: self(inputs)

    def _fed(self, inputs: Inputs) -> Arrays:
        return {tensor.name: inputs[tensor.name] for tensor in self._graph.inputs}


def takes(runner: Runner, inputs: Inputs) -> bool:
    """Say whether a runner answers inputs of such sizes: one of dynamic sizes does."""
    return not isinstance(runner, BucketRunner) or runner.takes(inputs)


def _run(runner: Runner) -> Callable[[Arrays], Arrays]:
    return lambda arrays: dict(runner(arrays))
