"""What runs where as a session tells it: the graphs that onnxruntime gave to each execution provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import onnx_ir as ir

from edgeattn_export.graph.placement import Placement
from edgeattn_export.graph.runner import Partition
from edgeattn_export.targets.placement.told import placed

UNTOLD = "not told by the session"


def found(
    model: ir.Model, provider: str, partitions: Iterable[Partition], work: Mapping[str, int]
) -> Placement:
    """Return where the nodes of a graph run.

    What onnxruntime folded before it asked the providers runs nowhere, and is left out.

    Args:
        model: The graph as it was opened; its nodes have names.
        provider: The execution provider that is wanted.
        partitions: As the session tells.
        work: Multiply-accumulates by node, see ``multiply_accumulates``.
    """
    partitions = tuple(partitions)
    told = {name: partition.provider for partition in partitions for name in partition.nodes}
    where = {name: told[name] for node in model.graph if (name := node.name or "") in told}
    lost = {name for name in work if name not in told}  # merged with another one under a name of its own
    where |= dict.fromkeys(lost, _most(told, provider))
    own = sum(partition.provider == provider for partition in partitions)
    return placed("found", provider, model, where, work, {}, own)


def _most(told: Mapping[str, str], provider: str) -> str:
    """Return the provider of nodes with names of the engine's own: the wanted one where it has all."""
    others = {name for name in told.values() if name != provider}
    return provider if not others else min(others)
