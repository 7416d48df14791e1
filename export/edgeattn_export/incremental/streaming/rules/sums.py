"""Running sums, which keep what they have come to.

Before: y[t] = sum of x[i], i <= t
After:  y = CumSum(x) + past, present = past + sum(x)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.rules.pointwise import ALL_TIME
from edgeattn_export.incremental.streaming.stream import Stream, sizes_of
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk


def summed(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a CumSum."""
    stream, axis = walk.aligned(node.inputs[0]), walk.constant(node, 1)
    if axis is None or int(axis.flat[0]) % walk.rank(node.inputs[0]) != stream.axis:
        (out,) = walk.draft.clone(node, [stream.value, walk.operand(node.inputs[1])])
        return [stream.on(out)]
    if node.attributes.get_int("reverse", 0):
        raise CannotStep(ALL_TIME)
    draft, dtype = walk.draft, walk.growth.dtypes[node.outputs[0].name or ""]
    dims = sizes_of(stream.value)
    dims[stream.axis] = 1
    past = draft.past(dims, dtype)
    (own,) = draft.clone(node, [stream.value, walk.operand(node.inputs[1])])
    own.name = None
    out = draft.op("Add", [own, past])
    out.name = node.outputs[0].name
    draft.keep(
        past, draft.op("Add", [past, draft.op("ReduceSum", [stream.value, draft.number(stream.axis)])])
    )
    return [stream.on(out)]


SUMS: Mapping[str, StreamRule] = {"CumSum": summed}
