"""Values at the ends of those seen, and the same value at all positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.edge_cases.case import Case, Ground
from edgeattn_export.graph.padding import is_flag
from edgeattn_export.graph.samples import stratified
from edgeattn_runtime.graph import Tensor

Array = NDArray[np.generic]


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
        extremes = _scaled if array.dtype.kind == "f" else _filled
        seen = [inputs[name] for inputs in every]
        for word, extreme in extremes(array, seen):
            yield Case(f"{name} at its {word}", {**middle, name: extreme})
        if array.dtype.kind == "f":  # which a static range clips everywhere at once
            for word, extreme in _filled(array, seen):
                yield Case(f"all of {name} at its {word}", {**middle, name: extreme}, beyond=True)


def _filled(array: Array, every: Sequence[Array]) -> Iterator[tuple[str, Array]]:
    """Yield what holds the smallest, or the largest, number seen at all positions; infinities stay."""
    finite = [values[np.isfinite(values)] for values in every]
    held = [values for values in finite if values.size]
    if not held:
        return
    least, largest = min(values.min() for values in held), max(values.max() for values in held)
    if least < largest:
        for word, extreme in (("smallest", least), ("largest", largest)):
            yield word, np.where(np.isfinite(array), extreme, array).astype(array.dtype)


def _scaled(array: Array, every: Sequence[Array]) -> Iterator[tuple[str, Array]]:
    """Yield an input as faint, and as strong, as any seen; all of it at one end would be no real input."""
    own, reaches = _reach(array), [_reach(values) for values in every]
    for word, reach in (("faintest", min(reaches)), ("strongest", max(reaches))):
        if reach != own and own > 0:
            yield word, np.multiply(array, reach / own, dtype=array.dtype)


def _reach(array: Array) -> float:
    """Return how far from 0 an input's numbers lie at most."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _has_positions(tensor: Tensor) -> bool:
    return len(tensor.dims) > 1 and isinstance(tensor.dims[1], str)
