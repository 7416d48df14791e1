"""What runs where: expected by an execution provider's list, or reported by an onnxruntime session."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import onnx_ir as ir

from edgeattn.results.graph import Fallback, Placement
from edgeattn_export.graph.runner import Partition
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.targets.operators import Operators

Work = Mapping[str, int]  # by node, its multiply-accumulates, see ``multiply_accumulates``
CPU_PROVIDER = "CPUExecutionProvider"
_RENAMED = re.compile(r"_token_\d+$")  # onnxruntime's of a node that it wrote anew in another layout
_CONVERTING = frozenset({"QuantizeLinear", "DequantizeLinear"})


def expected_placement(model: ir.Model, provider: str, operators: Operators, work: Work) -> Placement:
    """Return where a graph's nodes are expected to run: with the provider, or on the CPU behind it.

    They have names. Those that a provider takes are one partition as long as none of them waits for a node
    elsewhere that waits for another of them.
    """
    nodes = [node for node in model.graph if node.op_type != "Constant"]
    refused = {node.name or "": reason for node in nodes if (reason := operators.refusal(node)) is not None}
    where = {node.name or "": CPU_PROVIDER if node.name in refused else provider for node in nodes}
    partitions = _partitions(model, where, provider)
    return _placement("expected", provider, model, where, work, partitions, refused)


def _placement(
    how: Literal["expected", "found"],
    provider: str,
    model: ir.Model,
    where: Mapping[str, str],
    work: Work,
    partitions: int,
    reasons: Mapping[str, str],
) -> Placement:
    """Sum up, by ``where`` each node runs: what runs elsewhere fell back, what runs nowhere did not."""
    whole = sum(work.get(name, 0) for name in where) or 1
    done: Counter[str] = Counter({provider: 0})
    for name, executor in where.items():
        done[executor] += work.get(name, 0)
    fallen: defaultdict[tuple[str, str], list[ir.Node]] = defaultdict(list)
    for node in model.graph:
        name = node.name or ""
        if where.get(name, provider) != provider:
            fallen[node.op_type, reasons.get(name, "")].append(node)
    fallbacks = (
        Fallback(
            operator,
            len(nodes),
            tuple(sorted({module_of(node) for node in nodes})),
            sum(work.get(node.name or "", 0) for node in nodes) / whole,
            reason,
        )
        for (operator, reason), nodes in fallen.items()
    )
    return Placement(
        how,
        provider,
        {name: count / whole for name, count in done.items()},
        partitions,
        tuple(sorted(fallbacks, key=lambda each: (-each.share, -each.count, each.operator))),
    )


def _partitions(model: ir.Model, where: Mapping[str, str], provider: str) -> int:
    """Count how often the data goes to the provider at most, along any path."""
    entered: dict[str, int] = {}  # by node, how often on the way to it, itself included
    for node in model.graph:
        name = node.name or ""
        if name not in where:
            continue
        mine, before = where[name] == provider, 0
        for value in node.inputs:
            producer = None if value is None else value.producer()
            if producer is None or (producer.name or "") not in where:
                continue
            count = entered[producer.name or ""]
            before = max(before, count + (mine and where[producer.name or ""] != provider))
        entered[name] = max(before, int(mine))
    return max((entered[name] for name, executor in where.items() if executor == provider), default=0)


def session_placement(
    model: ir.Model, provider: str, partitions: Sequence[Partition], work: Work
) -> Placement:
    """Return where the nodes of a graph run, as its session reports; they have names.

    What onnxruntime folded before it asked the providers runs nowhere, and is left out. So is the conversion
    at the ends of an integer graph, which is onnxruntime's own wherever the graph runs.
    """
    boundary = {node.name or "" for node in model.graph if _is_boundary(node)}
    executors = {_RENAMED.sub("", name): each.provider for each in partitions for name in each.nodes}
    inner = {name: its for name, its in executors.items() if name not in boundary}
    where = {name: inner[name] for node in model.graph if (name := node.name or "") in inner}
    # Nodes merged under a name of the engine's own are the wanted provider's where it has all.
    elsewhere = min((its for its in inner.values() if its != provider), default=provider)
    where |= dict.fromkeys(work.keys() - inner.keys(), elsewhere)
    count = sum(partition.provider == provider for partition in partitions)
    return _placement("found", provider, model, where, work, count, {})


def _is_boundary(node: ir.Node) -> bool:
    """Say whether a node makes integers of an input of the graph, or an output of integers."""
    if node.op_type not in _CONVERTING:
        return False
    source = node.inputs[0]
    return (source is not None and source.is_graph_input()) or node.outputs[0].is_graph_output()
