"""The dims of every value, measured: which axis grows with which symbol, whatever the export wrote down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from edgeattn_export.cache.probes import Pair, Probes, real_probes, small_probes
from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.shapes import shaped, sizes_of
from edgeattn_runtime.errors import EdgeAttnError


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


class _Array(NamedTuple):
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]


def measure(model: ir.Model, captured: Captured, samples: Samples) -> Mapping[str, Measured]:
    """Run a graph at two sizes and return, by name, what is seen of every value that its nodes compute.

    The sizes are small ones. Where the graph does not take them, or what they say is not so in a real sample,
    they are the samples' own: a sound of 12 numbers is shorter than what a convolution reads at once.

    Args:
        model: The graph.
        captured: Its axes and bounds.
        samples: Real inputs, cut and joined to the sizes.

    Raises:
        CannotStep: The axes leave no room for two sizes, or the dims follow no rule.
        EdgeAttnError: The graph does not take its samples' own sizes.
    """
    tapped = model.clone()
    inner = [value for node in tapped.graph for value in node.outputs if value.name]
    tapped.graph.outputs.extend(value for value in inner if not value.is_graph_output())
    runner = captured.engine.runner(tapped)
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
        _seen(runner, shaped(samples, axes, {symbol: sizes[i] for symbol, sizes in probes.items()}))
        for i in (0, 1)
    )
    symbols = {sizes: symbol for symbol, sizes in probes.items()}
    found = {name: _measured(value, large[name], symbols) for name, value in small.items()}
    longest = max((sample.inputs for sample in samples), key=_numbers)
    sizes = sizes_of(longest, axes)
    for name, value in _seen(runner, longest).items():
        for dim, size in zip(found[name].dims, value.shape, strict=True):
            if dim is not None and size != (sizes[dim] if isinstance(dim, str) else dim):
                raise CannotStep(f"{name!r} has an axis of {size} in a sample; {dim} expected by other sizes")
    return found


def _seen(runner: Runner, inputs: Inputs) -> Mapping[str, _Array]:
    """Run a graph and keep of its values what is small."""
    return {name: _Array(value.dtype, value.shape) for name, value in runner(inputs).items()}


def _numbers(inputs: Inputs) -> int:
    return sum(value.size for value in inputs.values())


def _measured(small: _Array, large: _Array, symbols: Mapping[Pair, str]) -> Measured:
    sizes = tuple(zip(small.shape, large.shape, strict=True))
    dims = tuple(pair[0] if pair[0] == pair[1] else symbols.get(pair) for pair in sizes)
    return Measured(ir.DataType.from_numpy(small.dtype), dims, sizes)
