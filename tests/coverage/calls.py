"""The calls on which a row's float graph must answer as PyTorch does."""

from __future__ import annotations

from collections.abc import Iterator

from row import Row

from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_export.graph.trials import trials


def calls(row: Row) -> Iterator[tuple[str, Inputs]]:
    """Yield calls by name: the samples, the workshop's own trials, and other sizes."""
    for i, sample in enumerate(row.samples):
        yield f"sample {i}", sample.inputs
    for i, inputs in enumerate(trials(row.samples, row.captured.axes)):
        sizes = sizes_of(inputs, row.captured.axes)
        if all(row.captured.symbols[symbol].allows(size) for symbol, size in sizes.items()):
            yield f"trial {i}", inputs
    for symbol in free_symbols(row):
        for size in filter(row.captured.symbols[symbol].allows, other_sizes(row, symbol)):
            yield f"{symbol}={size}", sized_inputs(row.samples, row.captured.axes, {symbol: size})


def free_symbols(row: Row) -> list[str]:
    """Return the symbols whose sizes no values of an input decide."""
    axes = row.captured.axes
    return [symbol for symbol in axes.symbols if symbol not in axes.packed]


def other_sizes(row: Row, symbol: str) -> list[int]:
    """Return sizes of an axis that no sample has: from 1 to beyond the largest, even and odd."""
    seen = {sizes_of(sample.inputs, row.captured.axes)[symbol] for sample in row.samples}
    low, high = min(seen), max(seen)
    return sorted({1, 2, low + 1, (low + high) // 2, high - 1, high + 2, high + 5} - seen)


def emptied(row: Row) -> Inputs | None:
    """Return a call whose first row is padding alone, or None where the form knows no padding."""
    padding = row.form.padding
    if padding is None:
        return None
    inputs = row.samples[1].inputs  # two rows: the second must not notice
    mask = inputs[padding.input].copy()
    mask[0] = padding.hidden
    return {**inputs, padding.input: mask}
