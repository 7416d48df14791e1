"""What runs where as a session tells it: the graphs that onnxruntime gave to each execution provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import onnx_ir as ir

from edgeattn_export.graph.placement import Placement
from edgeattn_export.graph.runner import Partition
from edgeattn_export.targets.placement.told import fallbacks, shares

_NEW = re.compile(r"_token_\d+$")  # onnxruntime's of a node that it wrote anew in another layout
_CONVERTING = frozenset({"QuantizeLinear", "DequantizeLinear"})


def found(
    model: ir.Model, provider: str, partitions: Iterable[Partition], work: Mapping[str, int]
) -> Placement:
    """Return where the nodes of a graph run.

    What onnxruntime folded before it asked the providers runs nowhere, and is left out. So is the conversion
    at the ends of an integer graph, which is onnxruntime's own wherever the graph runs.

    Args:
        model: The graph as it was opened; its nodes have names.
        provider: The execution provider that is wanted.
        partitions: As the session tells.
        work: Multiply-accumulates by node, see ``multiply_accumulates``.
    """
    partitions = tuple(partitions)
    ends = {node.name or "" for node in model.graph if _is_end(node)}
    every = {_NEW.sub("", name): each.provider for each in partitions for name in each.nodes}
    told = {name: its for name, its in every.items() if name not in ends}
    where = {name: told[name] for node in model.graph if (name := node.name or "") in told}
    lost = {name for name in work if name not in told}  # merged with another one under a name of its own
    where |= dict.fromkeys(lost, _most(told, provider))
    own = sum(partition.provider == provider for partition in partitions)
    fallen = fallbacks(provider, model, where, work, {})
    return Placement("found", provider, shares(provider, where, work), own, fallen)


def _is_end(node: ir.Node) -> bool:
    """Say whether a node makes integers of an input of the graph, or an output of integers."""
    if node.op_type not in _CONVERTING:
        return False
    given = node.inputs[0]
    return (given is not None and given.is_graph_input()) or node.outputs[0].is_graph_output()


def _most(told: Mapping[str, str], provider: str) -> str:
    """Return the provider of nodes with names of the engine's own: the wanted one where it has all."""
    others = {name for name in told.values() if name != provider}
    return provider if not others else min(others)
