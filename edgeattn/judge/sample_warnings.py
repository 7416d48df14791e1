"""What samples themselves give away before anything is made of them: one token for all words, one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx_ir as ir

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit

HANDFUL = 4  # distinct values, such as begin, end, padding and unknown
MANY_ROWS = 64  # of a table, of which real samples use more than a handful


def sample_warnings(captured: Captured, samples: SampleSplit) -> tuple[str, ...]:
    """Return a line for each input of integers that hardly varies, and for lengths that all samples share."""
    return (*_handfuls(captured, samples), *_lengths(captured))


def _handfuls(captured: Captured, samples: SampleSplit) -> Iterator[str]:
    every = (*samples.calibration, *samples.selection, *samples.evaluation)
    for value in captured.model.graph.inputs:
        rows = _table_rows(value)
        if rows < MANY_ROWS or value.name is None:
            continue
        distinct: set[int] = set()
        for sample in every:
            distinct |= set(np.unique(sample.inputs[value.name]).tolist())
            if len(distinct) > HANDFUL:
                break
        else:
            named = ", ".join(map(str, sorted(distinct)))
            yield (
                f"Input {value.name!r} holds nothing but {named} in all {len(every)} samples, and its table "
                f"has {rows} rows: is its tokenizer the model's own?"
            )


def _table_rows(value: ir.Value) -> int:
    """Return how many rows the largest table has that an input looks up; 0 where it looks up none."""
    rows = 0
    for node, index in value.uses():
        if node.op_type == "Cast":
            rows = max(rows, _table_rows(node.outputs[0]))
        elif node.op_type == "Gather" and index == 1 and (table := node.inputs[0]) is not None:
            known = table.const_value
            rows = max(rows, 0 if known is None else len(known.numpy()))
    return rows


def _lengths(captured: Captured) -> Sequence[str]:
    """Return a line on each length that positions of integers have in all samples."""
    fixed: dict[int, list[str]] = {}
    for tensor in captured.graph.inputs:
        if tensor.dtype.startswith("int") and len(tensor.dims) == 2 and isinstance(tensor.dims[1], int):
            fixed.setdefault(tensor.dims[1], []).append(tensor.name)
    return [
        f"Axis 1 of {', '.join(names)} is {size} in all samples, and fixed in the bundle."
        for size, names in fixed.items()
        if size > 1
    ]
