"""The dims of every value, measured: which axis grows with which symbol, whatever the export wrote down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import shaped
from edgeattn_runtime.manifest import Symbol

# Two sizes for each symbol, no pair of them a simple sum or multiple of another; the first is for the batch.
PROBES = ((2, 3), (5, 12), (7, 17), (9, 23), (11, 30))


@dataclass(frozen=True, slots=True)
class Measured:
    """What two runs say of a value.

    Attributes:
        dtype: Its element type.
        dims: A number where both runs agree, a symbol where it has the symbol's two sizes, else None.
    """

    dtype: ir.DataType
    dims: tuple[int | str | None, ...]


def measure(model: ir.Model, captured: Captured, samples: Samples) -> Mapping[str, Measured]:
    """Run a graph at two sizes and return, by name, what is seen of every value that its nodes compute.

    Args:
        model: The graph.
        captured: Its axes and bounds.
        samples: Real inputs, cut and joined to the sizes.

    Raises:
        CannotStep: The axes leave no room for two sizes.
    """
    tapped = model.clone()
    inner = [value for node in tapped.graph for value in node.outputs if value.name]
    tapped.graph.outputs.extend(value for value in inner if not value.is_graph_output())
    runner = captured.engine.runner(tapped)
    probes = _probes(captured.axes, captured.symbols)
    small, large = (
        runner(shaped(samples, captured.axes, {symbol: sizes[i] for symbol, sizes in probes.items()}))
        for i in (0, 1)
    )
    symbols = {sizes: symbol for symbol, sizes in probes.items()}
    return {
        name: Measured(
            ir.DataType.from_numpy(value.dtype),
            tuple(
                a if a == b else symbols.get((a, b))
                for a, b in zip(value.shape, large[name].shape, strict=True)
            ),
        )
        for name, value in small.items()
    }


def _probes(axes: Axes, symbols: Mapping[str, Symbol]) -> dict[str, tuple[int, int]]:
    ordered = sorted(axes.symbols, key=lambda symbol: symbol != axes.batch)
    pairs = PROBES if axes.batch else PROBES[1:]
    if len(ordered) > len(pairs):
        raise CannotStep(f"dynamic axes {', '.join(ordered)} found; at most {len(pairs)} expected")
    sizes = {}
    for symbol, (small, large) in zip(ordered, pairs, strict=False):
        most = symbols[symbol].max or large
        if most <= small:
            raise CannotStep(f"{symbol!r} is at most {most}; a sequence of more than {small} expected")
        sizes[symbol] = small, min(large, most)
    return sizes
