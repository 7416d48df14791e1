"""What became of one PyTorch module: its nodes, and the bytes of its weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModulePart:
    """A module's part of the graphs.

    Attributes:
        module: Its path; empty for what belongs to none. Merged ones are joined: ``layer.key+value``.
        nodes: Of the graphs.
        size_mb: Of the weights that they read, 1 MB = 10^6 bytes; what several read counts for the first.
    """

    module: str
    nodes: int
    size_mb: float
