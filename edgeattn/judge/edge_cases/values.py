"""Values at the ends of those seen, and the same value at all positions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeattn.judge.edge_cases.case import Case, Ground
from edgeattn_export.graph.padding import is_flag
from edgeattn_export.graph.samples import stratified
from edgeattn_runtime.graph import Tensor


def valued(ground: Ground) -> Iterator[Case]:
    """Yield a sample of median size, one input of which holds other values."""
    every = [sample.inputs for sample in ground.samples]
    (middle,) = stratified(every, 1)
    for tensor in ground.graph.inputs:
        name, array = tensor.name, middle[tensor.name]
        if name in ground.derived or array.dtype.kind == "b" or is_flag(tensor, every):
            continue
        if _has_positions(tensor):
            yield Case(f"{name} repeated", {**middle, name: np.repeat(array[:, :1], array.shape[1], axis=1)})
        finite = [inputs[name][np.isfinite(inputs[name])] for inputs in every]
        least, largest = (pick(pick(values) for values in finite if values.size) for pick in (min, max))
        if least < largest:
            yield Case(f"{name} at its smallest", {**middle, name: np.full_like(array, least)})
            yield Case(f"{name} at its largest", {**middle, name: np.full_like(array, largest)})


def _has_positions(tensor: Tensor) -> bool:
    return len(tensor.dims) > 1 and isinstance(tensor.dims[1], str)
