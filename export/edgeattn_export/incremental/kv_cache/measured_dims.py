"""The dims of every value, measured: which axis grows with which symbol, whatever the export wrote down.

Every symbol has two sizes, at which the graph is run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_export.graph.values import values_of, with_outputs
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.errors import EdgeAttnError

Pair = tuple[int, int]
Probes = Mapping[str, Pair]

# No pair is a simple sum or multiple of another; the first is for the batch.
PAIRS = ((2, 3), (5, 12), (7, 17), (9, 23), (11, 30))
GROWTH = 1.5  # times the smallest size that real samples have


def small_probes(captured: Captured) -> Probes:
    """Return sizes at which a graph is quickly run.

    Raises:
        CannotStep: The axes leave no room for two sizes.
    """
    axes, symbols = captured.axes, captured.symbols
    ordered = sorted(axes.symbols, key=lambda symbol: symbol != axes.batch)
    pairs = PAIRS if axes.batch else PAIRS[1:]
    if len(ordered) > len(pairs):
        raise CannotStep(f"dynamic axes {', '.join(ordered)} found; at most {len(pairs)} expected")
    sizes = {}
    for symbol, (small, large) in zip(ordered, pairs, strict=False):
        most = symbols[symbol].max or large
        if most <= small:
            raise CannotStep(f"{symbol!r} is at most {most}; a sequence of more than {small} expected")
        sizes[symbol] = small, min(large, most)
    return sizes


def real_probes(captured: Captured, samples: Samples) -> Probes:
    """Return the smallest size that a symbol has in samples, and one well above; of the batch small ones.

    What an encoder reduces a source to must show the difference: 200 and 201 frames may both become 100.

    Raises:
        CannotStep: An axis leaves no room for a second size.
    """
    axes = captured.axes
    pairs = {} if axes.batch is None else {axes.batch: PAIRS[0]}
    for symbol in axes.symbols:
        if symbol != axes.batch:
            sizes = [sizes_of(sample.inputs, axes)[symbol] for sample in samples]
            pairs[symbol] = _pair(symbol, sizes, captured.symbols[symbol].max, pairs.values())
    return pairs


def _pair(symbol: str, sizes: Sequence[int], most: int | None, other_pairs: Collection[Pair]) -> Pair:
    small, well_above = min(sizes), round(min(sizes) * GROWTH)
    large = max(sizes) if max(sizes) >= well_above else well_above + 1
    while (small, large) in other_pairs:
        large += 1
    if most is not None and large > most:
        raise CannotStep(
            f"{symbol!r} is {small} in samples and {most} at most; a shorter sample expected too"
        )
    return small, large


@dataclass(frozen=True, slots=True)
class Measured:
    """What two runs say of a value.

    Attributes:
        dtype: Its element type.
        dims: A number where both runs agree, a symbol where it has the symbol's two sizes, else None.
        sizes: Of each axis, those of the two runs.
    """

    dtype: ir.DataType
    dims: tuple[int | str | None, ...]
    sizes: tuple[Pair, ...]


def measure_dims(model: ir.Model, captured: Captured, samples: Samples) -> Mapping[str, Measured]:
    """Run a graph at two sizes and return, by name, what is seen of every value that its nodes compute.

    The sizes are small ones. Where the graph does not take them, or what they say is not so in a real sample,
    they are the samples' own: a sound of 12 numbers is shorter than what a convolution reads at once.

    Raises:
        CannotStep: The axes leave no room for two sizes, or the dims follow no rule.
        EdgeAttnError: The graph does not take its samples' own sizes.
    """
    runner = captured.engine.runner(with_outputs(model, values_of(model)))
    try:
        return _between(runner, captured, samples, small_probes(captured))
    except EdgeAttnError:
        return _between(runner, captured, samples, real_probes(captured, samples))


def _between(runner: Runner, captured: Captured, samples: Samples, probes: Probes) -> Mapping[str, Measured]:
    """Run a graph at both sizes, and see that the longest sample has the dims that follow.

    Raises:
        CannotStep: It has others.
        EdgeAttnError: The graph does not take one of the sizes.
    """
    axes = captured.axes
    small, large = (
        _types(runner, sized_inputs(samples, axes, {symbol: sizes[i] for symbol, sizes in probes.items()}))
        for i in (0, 1)
    )
    symbols = {sizes: symbol for symbol, sizes in probes.items()}
    measured_values = {}
    for name, (dtype, shape) in small.items():
        pairs = tuple(zip(shape, large[name][1], strict=True))
        dims = tuple(pair[0] if pair[0] == pair[1] else symbols.get(pair) for pair in pairs)
        measured_values[name] = Measured(dtype, dims, pairs)
    *_, longest = stratified((sample.inputs for sample in samples), 2)
    sizes = sizes_of(longest, axes)
    for name, (_, shape) in _types(runner, longest).items():
        for dim, size in zip(measured_values[name].dims, shape, strict=True):
            if dim is not None and size != (sizes[dim] if isinstance(dim, str) else dim):
                raise CannotStep(f"{name!r} has an axis of {size} in a sample; {dim} expected by other sizes")
    return measured_values


def _types(runner: Runner, inputs: Inputs) -> Mapping[str, tuple[ir.DataType, tuple[int, ...]]]:
    """Run a graph and keep the type and the shape of each value."""
    return {name: (ir.DataType.from_numpy(it.dtype), it.shape) for name, it in runner(inputs).items()}
