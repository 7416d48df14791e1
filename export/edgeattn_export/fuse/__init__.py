"""Rewriting the float graph for speed, changing no number."""

from edgeattn_export.fuse.apply import Refused
from edgeattn_export.fuse.fuse import Fused, fuse

__all__ = ["Fused", "Refused", "fuse"]
