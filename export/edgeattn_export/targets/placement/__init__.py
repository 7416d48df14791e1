"""Which share of a graph's work runs where: expected by an engine's list, or read from a session."""

from edgeattn_export.graph.placement import Fallback, Placement
from edgeattn_export.targets.placement.operators import Operators

__all__ = ["Fallback", "Operators", "Placement"]
