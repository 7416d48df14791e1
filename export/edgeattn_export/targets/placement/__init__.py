"""Which share of a graph's work runs where: expected by an engine's list, or read from a session."""

from edgeattn_export.targets.placement.expected import expected
from edgeattn_export.targets.placement.found import found
from edgeattn_export.targets.placement.operators import Operators
from edgeattn_export.targets.placement.placement import Fallback, Placement

__all__ = ["Fallback", "Operators", "Placement", "expected", "found"]
