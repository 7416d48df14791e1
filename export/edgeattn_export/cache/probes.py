"""Two sizes for every symbol, at which a graph is run to see which of its axes grow with which symbol."""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sizes_of

Pair = tuple[int, int]
Probes = Mapping[str, Pair]

# No pair is a simple sum or multiple of another; the first is for the batch.
PAIRS = ((2, 3), (5, 12), (7, 17), (9, 23), (11, 30))


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
    """Return the smallest and the largest size that a symbol has in real samples; of the batch small ones.

    Raises:
        CannotStep: An axis has one size in all samples, or two axes have the same ones.
    """
    axes = captured.axes
    pairs = {} if axes.batch is None else {axes.batch: PAIRS[0]}
    for symbol in axes.symbols:
        if symbol != axes.batch:
            sizes = [sizes_of(sample.inputs, axes)[symbol] for sample in samples]
            pair = min(sizes), max(sizes)
            if pair[0] == pair[1] or pair in pairs.values():
                raise CannotStep(
                    f"{symbol!r} is {pair[0]} to {pair[1]} in the samples; several sizes expected, and "
                    "other ones than another axis has"
                )
            pairs[symbol] = pair
    return pairs
