"""What a graph on disk is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir


@dataclass(frozen=True, slots=True)
class Contents:
    """How often each operator stands in a graph, and the MB (10^6 bytes) of its weights by dtype."""

    operators: Mapping[str, int]
    weights_mb: Mapping[str, float]


def read_contents(graph: Path) -> Contents:
    """Read a graph's operators, and its weights' dtypes and sizes; weights in files of their own stay there.

    Args:
        graph: An ONNX file.
    """
    model = ir.load(graph)
    weights: Counter[str] = Counter()
    for value in model.graph.initializers.values():
        if value.const_value is not None:
            weights[str(value.const_value.dtype).lower()] += value.const_value.nbytes
    operators = Counter(node.op_type for node in model.graph.all_nodes())
    return Contents(
        dict(operators.most_common()), {dtype: size / 1e6 for dtype, size in weights.most_common()}
    )
