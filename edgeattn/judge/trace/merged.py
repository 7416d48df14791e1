"""Points that the int8 graph has left nothing of: it computes them in one with what stands behind them."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from edgeattn_export.graph.taps import values_of


def next_known(model: ir.Model, value: str, known: Collection[str]) -> str | None:
    """Return the nearest value behind another that is known; None where there is none.

    Args:
        model: The float graph.
        value: One of its values.
        known: Names of values.
    """
    order = {name: i for i, name in enumerate(values_of(model))}
    waiting, seen, found = [values_of(model)[value]], set[ir.Value](), list[str]()
    while waiting:
        for use in waiting.pop().uses():
            new = [output for output in use.node.outputs if output not in seen]
            seen.update(new)
            found += [output.name or "" for output in new if output.name in known]
            waiting += [output for output in new if output.name not in known]
    return min(found, key=lambda name: order[name], default=None)
