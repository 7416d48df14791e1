"""A point of a benchmark's sweep: one shape at one number of threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeattn.results.latency import INT8, Race
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.contract import bind
from edgeattn_runtime.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A shape at a number of threads, which is in the conditions of its latencies.

    Attributes:
        sizes: By symbol, as asked; empty where the samples are as they are.
        latency_ms: With its conditions.
        per_second: By runner, the samples that it answers in a second: a call answers its batch.
        energy_mj: Of a call, in millijoules of the whole processor; None beside an original, and where the
            machine has no counter that may be read.
    """

    sizes: Mapping[str, int]
    latency_ms: Race
    per_second: Mapping[str, float]
    energy_mj: float | None

    @classmethod
    def of(cls, sizes: Mapping[str, int], race: Race, graph: Graph, inputs: Sequence[Inputs]) -> Point:
        """Return what was measured of one point.

        Args:
            sizes: As asked.
            race: The times.
            graph: The contract, by whose symbols the batch is found.
            inputs: What was called.
        """
        surroundings, is_alone = race.conditions.surroundings, list(race.latencies) == [INT8]
        joules = surroundings.energy_j if surroundings is not None and is_alone else None
        rows = _rows(graph, inputs)
        return cls(
            sizes=sizes,
            latency_ms=race,
            per_second={name: 1000 * rows / (it.mean or it.p50) for name, it in race.latencies.items()},
            energy_mj=None if joules is None else 1000 * joules / race.conditions.rounds,
        )


def _rows(graph: Graph, inputs: Sequence[Inputs]) -> float:
    """Return how many samples a call answers, on average."""
    batch = Axes({tensor.name: tensor.dims for tensor in graph.inputs}).batch
    if batch is None:
        return 1.0
    return sum(bind(graph.inputs, arrays)[batch] for arrays in inputs) / len(inputs)
