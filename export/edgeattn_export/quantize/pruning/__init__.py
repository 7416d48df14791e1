"""Pruning: heads and neurons that a graph can do without go before its layers get their forms."""

from edgeattn_export.quantize.pruning.surgeon import Pruning, Readers, Surgeon, removed_of
from edgeattn_export.quantize.pruning.units import HEADS, NEURONS, Units

__all__ = ["HEADS", "NEURONS", "Pruning", "Readers", "Surgeon", "Units", "removed_of"]
