"""A target's graphs in the sizes that it fixes: the same int8 graph, bound to each, with the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeattn_export.lower.fixed import Sizes, bind, choose_sizes
from edgeattn_export.quantize.graphs import Graphs, QuantizedGraph
from edgeattn_export.targets.target import Target
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Graph
from edgeattn_runtime.bundle.rows import Rows

ANY: Sizes = {}  # of a graph that fixes none


@dataclass(frozen=True, slots=True)
class Bucket:
    """Graphs for inputs of some sizes.

    Attributes:
        sizes: That they fix, by symbol; ``ANY`` where they take all.
        parts: The graphs.
    """

    sizes: Sizes
    parts: Graphs

    @property
    def label(self) -> str:
        """Its sizes in a file's name, such as "1x128"; empty where it fixes none."""
        return "x".join(map(str, self.sizes.values()))


def sizes_for(
    target: Target, sample_sizes: Sequence[Sizes], graph: Graph, rows: Rows | None
) -> tuple[Sizes, ...]:
    """Return the sizes that a target fixes for a model; only ``ANY`` where it fixes none.

    Args:
        target: What the graphs are for.
        sample_sizes: The sizes of every sample.
        graph: The model's contract.
        rows: What is proven of its rows; None where nothing is.

    Raises:
        SampleError: The samples need more graphs than the target may have.
    """
    limits = target.bucket_limits
    return (ANY,) if limits is None else choose_sizes(sample_sizes, graph, rows, limits)


def buckets_of(target: Target, parts: Graphs, every: Sequence[Sizes]) -> tuple[Bucket, ...]:
    """Return a target's graphs in each of the sizes that it fixes, of those of dynamic sizes.

    Raises:
        ModelError: A size in a graph follows from an input's numbers.
    """
    return tuple(Bucket(sizes, _bound(target, parts, sizes) if sizes else parts) for sizes in every)


def _bound(target: Target, parts: Graphs, sizes: Sizes) -> Graphs:
    main = parts.graphs[MAIN_GRAPH]
    model = bind(main.quantized.model, sizes)
    if target.forms.whole is not None:
        target.forms.whole.complete(model)
    part = QuantizedGraph(replace(main.quantized, model=model), main.graph)
    return replace(parts, graphs={MAIN_GRAPH: part})
