"""Why int8 of a model that steps is not faster than the float export, which has no cache."""

from __future__ import annotations

from collections.abc import Sequence

from edgeattn.measure.latencies import FLOAT, INT8, Race
from edgeattn.measure.race import race
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.manifest import Graph


def float_steps(latency: Race, int8: Runner, floats: Runner, inputs: Sequence[Inputs], graph: Graph) -> str:
    """Say how int8 compares with float in graphs of the same form, which write a cache as they answer.

    Args:
        latency: Of int8, and of the float export, one graph without a cache.
        int8: The graphs that step.
        floats: The same in float.
        inputs: Real ones, at least one.
        graph: The contract of the whole model.
    """
    alike = race({FLOAT: floats, INT8: int8}, inputs, graph, threads=latency.conditions.threads)
    ratio = alike[FLOAT].p50 / alike[INT8].p50
    return (
        f"Int8 is not faster than the float export here: {latency[INT8].p50:.3g} ms to "
        f"{latency[FLOAT].p50:.3g}. The export is one graph without a cache; the same graphs with a cache "
        f"take {ratio:.2f} times as long in float as in int8."
    )
