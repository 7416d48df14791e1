"""Padding: on either side, in one row, of all but one position; and whether it changes any answer."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median_low

import numpy as np

from edgeattn_export.graph.edge_cases.case import Case, Ground
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.shapes import shaped
from edgeattn_runtime.rows import Padding

ROWS = 3  # of a batch, where the graph is given several at once
SHORTEST = 6  # positions, of which some are padded and some are not


def padded(ground: Ground) -> Iterator[Case]:
    """Yield inputs of median length with padding in them; none where no input tells padding."""
    if ground.padding is None:
        return
    mask = next(tensor for tensor in ground.graph.inputs if tensor.name == ground.padding.mask)
    sequence = str(mask.dims[1])
    length = max(median_low(len(s.inputs[mask.name][0]) for s in ground.samples), SHORTEST)
    if not ground.symbols[sequence].allows(length):
        return
    sizes = {sequence: length} | ({ground.batch: 1 if ground.by_row else ROWS} if ground.batch else {})
    whole, third = shaped(ground.samples, ground.axes, sizes), length // 3
    yield Case("right padding", _masked(whole, ground.padding, slice(None), slice(-third, None)))
    if mask.name not in ground.derived:  # a model that steps knows padding behind its tokens alone
        yield Case("left padding", _masked(whole, ground.padding, slice(None), slice(third)))
    if ground.batch and not ground.by_row:
        yield Case("one padded row", _masked(whole, ground.padding, slice(-1, None), slice(third, None)))
    one_left = _masked(whole, ground.padding, slice(-1, None), slice(1, None))
    yield Case("a row masked out but for one position", one_left)
    if ground.batch and ground.rows is not None and ground.rows.padding is not None:
        inputs = _masked(whole, ground.padding, slice(-1, None), slice(length - third, None))
        yield Case("padding invariance", inputs, _last(ground, inputs, sequence, length - third))


def _masked(whole: Inputs, padding: Padding, rows: slice, positions: slice) -> Inputs:
    """Return inputs with these positions of these rows masked out, and no others."""
    mask = np.full_like(whole[padding.mask], 1 - padding.masked_out)
    mask[rows, positions] = padding.masked_out
    return {**whole, padding.mask: mask}


def _last(ground: Ground, inputs: Inputs, sequence: str, length: int) -> Inputs:
    """Return the last row alone, cut to its first positions."""
    found = {}
    for tensor in ground.graph.inputs:
        cut = tuple(slice(length) if dim == sequence else slice(None) for dim in tensor.dims[1:])
        found[tensor.name] = inputs[tensor.name][(slice(-1, None), *cut)]
    return found
