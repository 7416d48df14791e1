"""Recovering attention that is written out: standard operators, the same numbers."""

from edgeattn_export.graph.apply import Refused
from edgeattn_export.recover.recover import Recovered, recover

__all__ = ["Recovered", "Refused", "recover"]
