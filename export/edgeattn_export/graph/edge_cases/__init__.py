"""What users meet besides the samples: sizes, padding and values at the ends of the contract."""

from collections.abc import Iterator
from itertools import chain

from edgeattn_export.graph.edge_cases.case import Case, Ground
from edgeattn_export.graph.edge_cases.masks import padded
from edgeattn_export.graph.edge_cases.sizes import sized
from edgeattn_export.graph.edge_cases.values import valued


def edge_cases(ground: Ground) -> Iterator[Case]:
    """Yield the edge cases of a contract; none where an axis is packed, as its sizes follow from values."""
    if not ground.axes.packed:
        yield from chain(sized(ground), padded(ground), valued(ground))


__all__ = ["Case", "Ground", "edge_cases"]
