"""How many megabytes (10^6 bytes) graphs take."""

from __future__ import annotations

from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.quantize.parts import Parts


def parts_mb(parts: Parts) -> float:
    """Return the size of all graphs of a bundle with their weights, as they lie on disk."""
    return sum(file_mb(part.quantized.model) for part in parts.graphs.values())
