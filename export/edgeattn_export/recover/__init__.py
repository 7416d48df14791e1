"""Rewriting the float graph for speed, changing no number."""

from edgeattn_export.graph.apply import Refused
from edgeattn_export.recover.recover import Recovered, recover

__all__ = ["Recovered", "Refused", "recover"]
