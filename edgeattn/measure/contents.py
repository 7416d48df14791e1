"""What graphs are made of: one on disk by operators and weights, all of them by PyTorch module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir

from edgeattn.results.graph import ModulePart
from edgeattn_export.graph.files import ONNX
from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.errors import BadInput


@dataclass(frozen=True, slots=True)
class Contents:
    """What a graph holds.

    Attributes:
        operators: How often each stands in it, the most frequent first.
        weights_mb: MB (10^6 bytes) of its weights by dtype.
        heads: The most query heads that one attention has; 1 where it has none, or their number is not known.
    """

    operators: Mapping[str, int]
    weights_mb: Mapping[str, float]
    heads: int


def read_contents(graph: Path) -> Contents:
    """Read an ONNX file's operators, and the dtypes and sizes of its weights, which may stay there.

    Raises:
        BadInput: It is written in another format.
    """
    if graph.suffix != ONNX.suffix:
        raise BadInput(f"{graph}: a graph in ONNX expected; export its model anew")
    model = ir.load(graph)
    weights: Counter[str] = Counter()
    for value in model.graph.initializers.values():
        if value.const_value is not None:
            weights[str(value.const_value.dtype).lower()] += value.const_value.nbytes
    nodes = tuple(model.graph.all_nodes())
    operators = Counter(node.op_type for node in nodes)
    return Contents(
        operators=dict(operators.most_common()),
        weights_mb={dtype: size / 1e6 for dtype, size in weights.most_common()},
        heads=max((_heads(node) for node in nodes if node.op_type == "Attention"), default=1),
    )


def _heads(attention: ir.Node) -> int:
    stated = attention.attributes.get_int("q_num_heads", 0)
    queries = attention.inputs[0]
    if stated or queries is None or queries.shape is None:
        return stated or 1
    heads = queries.shape[1]  # of (B, H, S, D)
    return heads if isinstance(heads, int) else 1


def module_parts(models: Iterable[ir.Model]) -> tuple[ModulePart, ...]:
    """Return the part of each module; those that only make constants come last."""
    graphs = list(models)
    nodes = dict.fromkeys((module_of(node) for model in graphs for node in _following(model)), 0)
    sizes: dict[str, float] = {}
    for model in graphs:
        counted: set[ir.Value] = set()
        for node in model.graph.all_nodes():
            module = module_of(node)
            nodes[module] = nodes.get(module, 0) + 1
            for value in node.inputs:
                if value is not None and value.const_value is not None and value not in counted:
                    counted.add(value)
                    sizes[module] = sizes.get(module, 0.0) + value.const_value.nbytes / 1e6
    return tuple(ModulePart(module, count, sizes.get(module, 0.0)) for module, count in nodes.items())


def _following(model: ir.Model) -> Iterator[ir.Node]:
    """Yield the nodes that follow from an input: what makes weights float again stands before all of them."""
    fixed: set[ir.Value] = set()
    for node in model.graph.all_nodes():
        inputs = [value for value in node.inputs if value is not None]
        if all(value.const_value is not None or value in fixed for value in inputs):
            fixed.update(node.outputs)
        else:
            yield node
