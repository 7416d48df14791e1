"""What a decoder takes from its source, by name: first of all the keys and values of its cross-attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import onnx_ir as ir

from edgeattn_export.cache.anatomy import Anatomy
from edgeattn_export.cache.origins import sizes_read

CROSS = {1: "cross_key", 2: "cross_value", 3: "cross_mask"}  # names by an Attention's operand
OTHER = "carried"


def bridge(anatomy: Anatomy) -> Mapping[ir.Value, str]:
    """Return the last values that depend on the source alone, each with the name that it is carried by.

    The keys and values of the i-th cross-attention are ``cross_key_i`` and ``cross_value_i``.
    """
    names: dict[ir.Value, str] = {}
    count: Counter[str] = Counter()
    for node in anatomy.model.graph:
        if all(map(anatomy.by_source, node.outputs)) or sizes_read(node, anatomy.dims) is not None:
            continue
        for operand, value in enumerate(node.inputs):
            if value is not None and value not in names and anatomy.by_source(value):
                stem = CROSS.get(operand, OTHER) if node.op_type == "Attention" else OTHER
                names[value] = f"{stem}_{count[stem]}"
                count[stem] += 1
    return names
