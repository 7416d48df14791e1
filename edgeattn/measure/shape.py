"""The inputs that a benchmark runs on: samples as they are, or cut and joined to a shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeattn.measure.runners import Arrays
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.manifest import Graph


def parse(items: Iterable[str]) -> dict[str, int]:
    """Read sizes as the command line gives them: ``SYMBOL=SIZE``.

    Raises:
        BadInput: An item of another form, or a symbol given twice.
    """
    sizes: dict[str, int] = {}
    for item in items:
        symbol, _, size = (part.strip() for part in item.partition("="))
        if not symbol or not size.isascii() or not size.isdigit():
            raise BadInput(f"shape {item!r}: SYMBOL=SIZE expected, such as sequence=128")
        if symbol in sizes:
            raise BadInput(f"shape {symbol}: given twice, once expected; leave one out")
        sizes[symbol] = int(size)
    return sizes


def benchmark_inputs(inputs: Iterable[Arrays], graph: Graph, sizes: Mapping[str, int]) -> list[Arrays]:
    """Return the inputs themselves, or a single one of them cut and joined to ``sizes``.

    Args:
        inputs: Real ones, at least one.
        graph: The contract, which names the axes.
        sizes: By symbol; empty leaves the inputs as they are.

    Raises:
        SampleError: A symbol that the graph does not have, or a size below 1.
    """
    if not sizes:
        return list(inputs)
    from edgeattn_export.graph.axes import Axes  # PyTorch comes along: only where it is needed
    from edgeattn_export.graph.samples import Sample, Samples
    from edgeattn_export.graph.shapes import shaped

    axes = Axes({tensor.name: tensor.dims for tensor in graph.inputs})
    return [shaped(Samples(tuple(Sample(arrays) for arrays in inputs)), axes, sizes)]
