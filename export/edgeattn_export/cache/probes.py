"""Two sizes for every symbol, at which a graph is run to see which of its axes grow with which symbol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sizes_of

Pair = tuple[int, int]
Probes = Mapping[str, Pair]

# No pair is a simple sum or multiple of another; the first is for the batch.
PAIRS = ((2, 3), (5, 12), (7, 17), (9, 23), (11, 30))
APART = 1.5  # times the smallest size that real samples have


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
            pairs[symbol] = _apart(symbol, sizes, captured.symbols[symbol].max, pairs.values())
    return pairs


def _apart(symbol: str, seen: Sequence[int], most: int | None, taken: Collection[Pair]) -> Pair:
    small, well_above = min(seen), round(min(seen) * APART)
    large = max(seen) if max(seen) >= well_above else well_above + 1
    while (small, large) in taken:
        large += 1
    if most is not None and large > most:
        raise CannotStep(
            f"{symbol!r} is {small} in samples and {most} at most; a shorter sample expected too"
        )
    return small, large
