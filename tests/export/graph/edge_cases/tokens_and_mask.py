"""The contract of a model of tokens and a mask, from which edge cases are derived."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.edge_cases import EdgeBasis
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.graph import Graph, Symbol, Tensor

DIMS = ("batch", "sequence")
INPUTS = (Tensor("tokens", "int64", DIMS), Tensor("mask", "int64", DIMS))
GRAPH = Graph(INPUTS, (Tensor("sums", "float32", ("batch", 2)),))
PADDING = Padding("mask", 0)


def lay(**more: Any) -> EdgeBasis:
    """Lay the ground of the model, changed in what is given; its samples have 4 to 9 tokens."""
    given = {
        "graph": GRAPH,
        "symbols": {"batch": Symbol(1, None), "sequence": Symbol(1, 64)},
        "axes": Axes({"tokens": DIMS, "mask": DIMS}),
        "samples": Samples(tuple(_sample(length, 10 + length) for length in range(4, 10))),
        "padding": PADDING,
        "rows": Rows("batch", PADDING),
    }
    return EdgeBasis(**{**given, **more})


def _sample(length: int, first: int) -> Sample:
    tokens = np.arange(first, first + length)[None]
    return Sample({"tokens": tokens, "mask": np.ones_like(tokens)})
