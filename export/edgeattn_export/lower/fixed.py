"""Graphs of fixed sizes, for engines that take no others: one a bucket, all of the same weights.

Few graphs, little padding, and every sample fits. A call goes to the first bucket that it fits. Rows are
answered one by one, and padded where it is proven that padding changes no answer; every other symbol must
have the bucket's size.

Before: x (batch, sequence), Range(0, Shape(x), 1)       {"batch": 1, "sequence": 4}
After:  x (1, 4), [0, 1, 2, 3]

Weights stay the tensors that they were, and quantized constants as they are stored: graphs bound to several
sizes are written with one file of weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import onnx_ir as ir
import sympy
from onnx_ir.passes.common import RemoveUnusedNodesPass
from onnxscript.optimizer import fold_constants

from edgeattn_export.capture.translation.dim_names import name_dims
from edgeattn_export.graph.apply import merge_duplicates
from edgeattn_export.graph.dataflow import dims
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.views import size_expression
from edgeattn_runtime.bundle.rows import Rows
from edgeattn_runtime.errors import ModelError, SampleError
from edgeattn_runtime.graph import Graph

Sizes = Mapping[str, int]  # by symbol
ANY_SIZE = 2**31  # elements of a constant: a table of positions too is cut to those that there are


@dataclass(frozen=True, slots=True)
class BucketLimits:
    """How many buckets are worth their graphs.

    Attributes:
        most: Graphs.
        padding: The share of all positions, over the samples, that may be padding; fewer graphs are taken
            where they keep it.
    """

    most: int = 4
    padding: float = 0.25


def choose_sizes(
    sample_sizes: Sequence[Sizes], graph: Graph, rows: Rows | None, limits: BucketLimits = BucketLimits()
) -> tuple[Sizes, ...]:
    """Return the sizes to fix, the smallest first; the longest sample fits the last.

    Args:
        sample_sizes: Of every sample, by all symbols of the inputs.
        graph: The contract.
        rows: What is proven of its rows; None where nothing is.
        limits: How many may be chosen.

    Raises:
        SampleError: The samples need more graphs than that, for sizes that may not be padded.
    """
    batch, sequence = ("", None) if rows is None else (rows.batch, rows.sequence(graph))
    exact: dict[tuple[tuple[str, int], ...], list[int]] = {}  # lengths by all other sizes
    for sizes in sample_sizes:
        fixed = {
            symbol: 1 if symbol == batch else size for symbol, size in sizes.items() if symbol != sequence
        }
        exact.setdefault(tuple(fixed.items()), []).append(sizes[sequence] if sequence else 0)
    if len(exact) > limits.most:
        raise SampleError(_too_many_message(exact, limits))
    most = limits.most // len(exact)
    chosen = [
        {**dict(fixed), **({sequence: length} if sequence else {})}
        for fixed, lengths in exact.items()
        for length in choose_lengths(lengths, most, limits.padding)
    ]
    return tuple(sorted(chosen, key=lambda sizes: tuple(sizes.values())))


def choose_lengths(lengths: Iterable[int], most: int, padding: float) -> tuple[int, ...]:
    """Return the fewest lengths with which at most so much is padding; ``most`` of least padding otherwise.

    Args:
        lengths: Of the samples, each padded up to the next one that is returned.
        most: How many are returned at most.
        padding: The share of all positions that may be padding.
    """
    ordered = sorted(lengths)
    for count in range(1, most + 1):
        total, chosen = _least_positions(tuple(ordered), count)
        if total and 1 - sum(ordered) / total <= padding:
            break
    return chosen


def _least_positions(lengths: tuple[int, ...], count: int) -> tuple[int, tuple[int, ...]]:
    """Return the fewest positions that samples come to, padded to so many lengths, and these lengths."""
    different = sorted(set(lengths))
    up_to = [sum(each <= length for each in lengths) for length in different]  # samples

    @cache
    def best(last: int, left: int) -> tuple[int, tuple[int, ...]]:
        """Return the same of the samples up to a length that is one of those chosen."""
        whole = up_to[last] * different[last], (different[last],)
        if left == 1:
            return whole
        others = []
        for before in range(last):
            total, chosen = best(before, left - 1)
            rest = (up_to[last] - up_to[before]) * different[last]
            others.append((total + rest, (*chosen, different[last])))
        return min((whole, *others))

    return best(len(different) - 1, count)


def _too_many_message(exact: Iterable[tuple[tuple[str, int], ...]], limits: BucketLimits) -> str:
    every = [dict(fixed) for fixed in exact]
    varying = {symbol: sorted({fixed[symbol] for fixed in every}) for symbol in every[0]}
    varying_sizes = {symbol: sizes for symbol, sizes in varying.items() if len(sizes) > 1}
    most = limits.most if len(varying_sizes) == 1 else 1
    proposed = ", ".join(
        f"{symbol} {' or '.join(map(str, choose_lengths(sizes, most, limits.padding)))}"
        for symbol, sizes in varying_sizes.items()
    )
    ranges = ", ".join(f"{symbol} from {sizes[0]} to {sizes[-1]}" for symbol, sizes in varying_sizes.items())
    return (
        f"samples of {len(every)} sizes found ({ranges}), where padding is not proven to change nothing; at "
        f"most {limits.most} expected, a graph each; resize the samples, such as to {proposed}, or give the "
        "model a padding mask"
    )


def bind(model: ir.Model, sizes: Mapping[str, int]) -> ir.Model:
    """Return a copy of a graph in which no size is left open.

    Args:
        model: Of dynamic sizes; left as it is.
        sizes: Of every symbol in its inputs.

    Raises:
        ModelError: A size follows from an input's numbers, not from the symbols.
    """
    bound = model.clone()
    for value in (*bound.graph.inputs, *(v for node in bound.graph for v in node.outputs)):
        if value.shape is not None:
            value.shape = ir.Shape([_size(dim, sizes) for dim in dims(value)])
    name_dims(bound)
    fold_constants(bound, input_size_limit=ANY_SIZE, output_size_limit=ANY_SIZE)
    name_dims(bound)
    RemoveUnusedNodesPass()(bound)
    merge_duplicates(bound)
    _check(bound, sizes)
    return bound


def _size(dim: int | str | None, sizes: Mapping[str, int]) -> int | str | None:
    """Return the size that a dim such as ``2*sequence`` comes to, or the dim where that is not known."""
    expression = size_expression(dim)
    if expression is None:
        return dim
    symbols = {sympy.Symbol(name, integer=True, positive=True): size for name, size in sizes.items()}
    value = expression.subs(symbols)
    return int(value) if value.is_Integer else dim


def _check(model: ir.Model, sizes: Mapping[str, int]) -> None:
    for node in model.graph:
        if not all(map(_is_fixed, node.outputs)):
            fixed = ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())
            raise ModelError(
                f"{node.op_type} in {module_of(node) or 'the model'}: its size is open with {fixed}, as "
                "it follows from an input's numbers; export for a target of dynamic sizes, such as cpu"
            )


def _is_fixed(value: ir.Value) -> bool:
    return value.shape is not None and all(isinstance(dim, int) for dim in value.shape)
