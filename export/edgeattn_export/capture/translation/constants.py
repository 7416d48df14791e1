"""Constants that the exporter's own rules would change, or leave out of the graph.

A constant near 0 or 1 is neither: the rules take 1e-8 for 0, and 1.00001 for 1.

Before: Mul(x, Pow(mean, -0.5))                  where forward has (mean + 1e-8) ** -0.5
After:  Mul(x, Pow(Add(mean, 1e-8), -0.5))

A graph uses constants that it does not hold: the rules give two of them one name.

Before: Clip(x, x_min), Clip(x, x_min'), of which the graph holds the second
After:  it holds both, each by a name of its own
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from types import SimpleNamespace
from unittest import mock

import onnx_ir as ir
from onnxscript.rewriter import _matcher

ROUNDING = 1e-6  # of a number, as a constant of float32 may be off


def exact_constants() -> AbstractContextManager[object]:
    """Inside the block, a rule's constant is matched by what is that number to within float32's rounding."""
    return mock.patch.object(_matcher, "math", SimpleNamespace(isclose=_is_close))


def _is_close(a: float, b: float, **_: float) -> bool:
    return math.isclose(a, b, rel_tol=ROUNDING, abs_tol=0.0)


def adopt_constants(model: ir.Model) -> None:
    """Add to a graph, in place, the constants that its nodes use and no graph holds."""
    initializers = model.graph.initializers
    for node in model.graph.all_nodes():
        for value in node.inputs:
            if value is not None and _is_stray(value):
                while value.name is None or value.name in initializers:
                    value.name = f"{value.name}_"
                model.graph.register_initializer(value)


def _is_stray(value: ir.Value) -> bool:
    bound = value.producer() is not None or value.is_graph_input() or value.is_initializer()
    return not bound and value.const_value is not None
