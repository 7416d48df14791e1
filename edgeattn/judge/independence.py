"""Whether a model's rows are independent, and padding without a say: tried out on real rows, in float."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.capture import Captured
from edgeattn_export.graph.agreement import Units, output_dims
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.padding import is_flag
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_runtime.bundle.manifest import Graph, Symbol, Tensor
from edgeattn_runtime.bundle.rows import Padding, Rows, check_rows
from edgeattn_runtime.contract import bind
from edgeattn_runtime.engine.batching import Splitter, stacked
from edgeattn_runtime.errors import BundleError, EdgeAttnError

ROW_TOLERANCE = 1e-4  # of what a channel varies by: float sums differ by less, int8 by a hundred times more
TRIED_ROWS = 4  # rows, from the shortest to the longest


@dataclass(frozen=True)
class FloatTrial:
    """The float model, its contract, and the samples that it is tried on."""

    graph: Graph
    symbols: Mapping[str, Symbol]
    samples: Sequence[Inputs]
    original: Runner

    def rows(self, rows: Rows) -> list[Inputs]:
        """Return the rows of a few samples without their padding, as batches of one."""
        splitter = Splitter(rows, self.graph, self.symbols)
        return [
            row.arrays for arrays in stratified(self.samples, TRIED_ROWS) for row in splitter.split(0, arrays)
        ]

    @cached_property
    def units(self) -> Units:
        """What its answers vary by."""
        answers = (self.original(inputs) for inputs in stratified(self.samples, TRIED_ROWS))
        return Units.of(output_dims(self.graph), answers)

    def agrees(self, expected: Inputs, answer: Inputs) -> bool:
        """Say whether two answers are the same."""
        return self.units.disagreement(expected, answer, ROW_TOLERANCE) is None


@dataclass(frozen=True, slots=True)
class ProvenRows:
    """What is proven of a model's rows; None where nothing is. And why it failed, where it did."""

    rows: Rows | None
    notes: tuple[str, ...] = ()


def proven_rows(captured: Captured, samples: Samples) -> ProvenRows:
    """Prove what can be proven of a float model's rows, on real samples."""
    inputs = [sample.inputs for sample in samples]
    trial = FloatTrial(captured.graph, captured.symbols, inputs, captured.engine.runner(captured.model))
    return ProvenRows(*with_fallback("the independence of rows", lambda: independent_rows(trial), None))


def independent_rows(trial: FloatTrial) -> Rows | None:
    """Return what is proven of a model's rows; None where they depend on each other, or no two differ.

    A row is independent if its answer is the same on its own and as the last row of a batch. An input
    (batch, sequence) of zeros and ones marks padding if a row's answer stays the same with padding appended
    that the input masks out, whatever the padding holds, and changes once the input shows it. An input that
    changes no output proves nothing, for example a mask in a causal model.

    Args:
        trial: The model and its samples, at least two different rows among them.
    """
    dims = trial.graph.inputs[0].dims
    bare = Rows(str(dims[0]) if dims else "", None)
    try:
        check_rows(bare, trial.graph, trial.symbols)
        if not _independent(trial, bare):
            return None
    except BundleError:
        return None
    return Rows(bare.batch, next((p for p in _candidates(trial) if _tells(trial, bare.batch, p)), None))


def _independent(trial: FloatTrial, bare: Rows) -> bool:
    rows = stratified(trial.rows(bare), TRIED_ROWS)
    for i, row in enumerate(rows):
        sizes = bind(trial.graph.inputs, row)
        others = [_resized(trial.graph, other, sizes) for other in (*rows[:i], *rows[i + 1 :])]
        answers = trial.original(stacked([*others, row]))
        last = {name: array[-1:] for name, array in answers.items()}
        if not trial.agrees(trial.original(row), last):
            return False
    return len(rows) > 1


def _candidates(trial: FloatTrial) -> Iterator[Padding]:
    for tensor, masked_out in product(trial.graph.inputs, (0, 1)):
        if is_flag(tensor, trial.samples):
            yield Padding(tensor.name, masked_out)


def _tells(trial: FloatTrial, batch: str, padding: Padding) -> bool:
    visible = [
        row for row in trial.rows(Rows(batch, padding)) if (row[padding.mask] != padding.masked_out).any()
    ]
    if not visible:
        return False
    rows = stratified(visible, TRIED_ROWS)
    try:
        return _ignored(trial, rows, padding, hides=True) and not _ignored(trial, rows, padding, hides=False)
    except EdgeAttnError:  # more positions than the model can take
        return False


def _ignored(trial: FloatTrial, rows: Sequence[Inputs], padding: Padding, *, hides: bool) -> bool:
    """Say whether each row gives the same answer on its own and with another's positions appended."""
    sequence = next(str(tensor.dims[1]) for tensor in trial.graph.inputs if tensor.name == padding.mask)
    longest = max(row[padding.mask].shape[1] for row in rows) * 3 // 2 + 1
    longest = min(longest, trial.symbols[sequence].max or longest)
    flag = padding.masked_out if hides else 1 - padding.masked_out
    is_tried = False
    for row, other in zip(rows, (rows[-1], *rows[:-1]), strict=True):
        length = row[padding.mask].shape[1]
        if length == longest:
            continue
        sizes = {**bind(trial.graph.inputs, row), sequence: longest}
        padded = _in_front(row, _resized(trial.graph, other, sizes))
        padded[padding.mask][:, length:] = flag
        answers = trial.original(padded)
        cut = {t.name: answers[t.name][_until(t, sequence, length)] for t in trial.graph.outputs}
        if not trial.agrees(trial.original(row), cut):
            return False
        is_tried = True
    return is_tried


def _resized(graph: Graph, arrays: Inputs, sizes: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """Return a row cut to these sizes, or repeated up to them."""
    resized = {}
    for tensor in graph.inputs:
        value = arrays[tensor.name]
        for axis, dim in enumerate(tensor.dims):
            if axis and isinstance(dim, str):
                value = np.take(value, np.arange(sizes[dim]) % value.shape[axis], axis=axis)
        resized[tensor.name] = value
    return resized


def _in_front(row: Inputs, longer: Inputs) -> dict[str, NDArray[Any]]:
    """Return the longer row with all of ``row`` written over its beginning."""
    padded = {name: array.copy() for name, array in longer.items()}
    for name, array in row.items():
        padded[name][tuple(slice(size) for size in array.shape)] = array
    return padded


def _until(tensor: Tensor, symbol: str, length: int) -> tuple[slice, ...]:
    return tuple(slice(length) if dim == symbol else slice(None) for dim in tensor.dims)
