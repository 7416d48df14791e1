from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgeattn.judge.edge_cases.case import Case, Ground
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.rows import Padding, Rows

DIMS = ("batch", "sequence")
INPUTS = (Tensor("tokens", "int64", DIMS), Tensor("mask", "int64", DIMS))
GRAPH = Graph(INPUTS, (Tensor("sums", "float32", ("batch", 2)),))
PADDING = Padding("mask", 0)


def sample(length: int, first: int) -> Sample:
    tokens = np.arange(first, first + length)[None]
    return Sample({"tokens": tokens, "mask": np.ones_like(tokens)})


@pytest.fixture
def ground() -> Callable[..., Ground]:
    """A function that lays the ground of a model of tokens and a mask; its samples have 4 to 9 tokens."""

    def lay(**more: Any) -> Ground:
        given = {
            "graph": GRAPH,
            "symbols": {"batch": Symbol(1, None), "sequence": Symbol(1, 64)},
            "axes": Axes({"tokens": DIMS, "mask": DIMS}),
            "samples": Samples(tuple(sample(length, 10 + length) for length in range(4, 10))),
            "padding": PADDING,
            "rows": Rows("batch", PADDING),
        }
        return Ground(**{**given, **more})

    return lay


@pytest.fixture
def named() -> Callable[..., dict[str, Case]]:
    """A function that returns cases by name."""
    return lambda cases: {case.name: case for case in cases}
