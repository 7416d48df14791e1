"""Many samples at once: rows without their padding, alike ones together, answers in the caller's order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.rows import Rows, Stack, row_symbols, rows_per_call
from edgeattn_runtime.contract import Arrays, bind
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.graph import Graph, Symbol, Tensor

Sizes = Mapping[str, int]
Inputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sample, as a batch of one without its padding.

    Attributes:
        length: How many positions it keeps; None where all.
        arrays: Its inputs by name, views of the sample's.
        whole: The sample's sizes by symbol, the batch among them.
        sizes: The same with the row's length.
    """

    sample: int
    index: int
    length: int | None
    arrays: Arrays
    whole: Sizes
    sizes: Sizes


class Splitter:
    """Takes batches apart into rows, and puts the rows' answers together again as batches."""

    def __init__(self, rows: Rows, graph: Graph, symbols: Mapping[str, Symbol]) -> None:
        self._rows = rows
        self._graph = graph
        self._symbols = row_symbols(graph.inputs)
        self._sequence = rows.sequence(graph) or ""
        self._shortest = max(1, symbols[self._sequence].min) if self._sequence else 1

    def run(
        self,
        call: Callable[[Arrays], Arrays],
        samples: Sequence[Inputs],
        stacks: Callable[[Sizes], Iterable[Stack]],
    ) -> list[Arrays]:
        """Answer samples that keep the graph's contract.

        Returns:
            Per sample its outputs, in the sizes of its inputs; zeros stand where padding was dropped.
        """
        answers: list[Arrays] = [{} for _ in samples]
        groups: dict[tuple[int, ...], list[Row]] = {}
        for i, arrays in enumerate(samples):
            for row in self.split(i, arrays):
                groups.setdefault(tuple(row.sizes[symbol] for symbol in self._symbols), []).append(row)
        for group in groups.values():
            count = rows_per_call(stacks(group[0].sizes), group[0].sizes)
            for start in range(0, len(group), count):
                stack = group[start : start + count]
                outputs = call(stacked([row.arrays for row in stack]))
                with refusing(BundleError, "rows", "outputs of other sizes than theirs", "export again"):
                    self._put(answers, stack, outputs)
        return answers

    def split(self, sample: int, arrays: Inputs) -> Iterator[Row]:
        """Yield the rows of one sample.

        Only the padding behind a row's last visible position is dropped: what stands before it may be what
        gives the others their place. A row of nothing but padding is kept whole.
        """
        whole = bind(self._graph.inputs, arrays)
        for index, length in enumerate(self._lengths(arrays, whole)):
            views = {
                tensor.name: arrays[tensor.name][(slice(index, index + 1), *self._crop(tensor, length))]
                for tensor in self._graph.inputs
            }
            sizes = whole if length is None else {**whole, self._sequence: length}
            yield Row(sample, index, length, views, whole, sizes)

    def _lengths(self, arrays: Inputs, whole: Sizes) -> list[int | None]:
        padding = self._rows.padding
        if padding is None or not whole[self._sequence]:
            return [None] * whole[self._rows.batch]
        visible = arrays[padding.mask] != padding.masked_out  # (B, S)
        longest = visible.shape[1]
        trailing = visible[:, ::-1].argmax(axis=1)  # (B,): 0 also where nothing is visible
        lengths = np.maximum(longest - trailing, self._shortest).tolist()
        return [None if length == longest else length for length in lengths]

    def _put(self, answers: list[Arrays], stack: Sequence[Row], outputs: Arrays) -> None:
        for place, row in enumerate(stack):
            answer = answers[row.sample]
            if len(stack) == 1 and row.length is None and row.whole[self._rows.batch] == 1:
                answer.update(outputs)  # the row is the sample: nothing to copy
                continue
            for tensor in self._graph.outputs:
                array = outputs[tensor.name]
                if tensor.name not in answer:
                    dims = (dim if isinstance(dim, int) else row.whole[dim] for dim in tensor.dims)
                    answer[tensor.name] = np.zeros(tuple(dims), array.dtype)
                index: tuple[int | slice, ...] = (row.index, *self._crop(tensor, row.length))
                answer[tensor.name][index] = array[place]

    def _crop(self, tensor: Tensor, length: int | None) -> tuple[slice, ...]:
        return tuple(slice(length) if dim == self._sequence else slice(None) for dim in tensor.dims[1:])


def stacked(rows: Sequence[Inputs]) -> Arrays:
    """Return batches of one row, alike in sizes, as one batch; a single one is not copied."""
    if len(rows) == 1:
        return dict(rows[0])
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
