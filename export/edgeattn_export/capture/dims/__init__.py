"""The dims of a graph by the names of its inputs' axes, followed through what the graph computes of sizes."""

from edgeattn_export.capture.dims.name_dims import name_dims

__all__ = ["name_dims"]
