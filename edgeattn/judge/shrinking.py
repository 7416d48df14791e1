"""Where a bundle takes more memory than it may: smaller graphs, if that helps.

Memory is that of the weights and of what runs them, and only the former are ours to choose. So the graphs are
asked to be smaller by what the memory is too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Made = TypeVar("Made")

TIMES = 2  # the second knows what the first has saved
MARGIN = 0.99  # of the limit: memory differs a little from process to process


@dataclass(frozen=True, slots=True)
class Weighed(Generic[Made]):
    """What was made, its size and the memory of a process that runs it, in MB (10^6 bytes)."""

    made: Made
    size_mb: float
    memory_mb: float


def shrunk(make: Callable[[float], Weighed[Made]], limit_mb: float) -> Weighed[Made]:
    """Return graphs that keep to a limit on memory; where none do, those made without regard to it.

    Args:
        make: Makes graphs that together take at most so many MB, or as near to that as they come.
        limit_mb: On memory.
    """
    first = weighed = make(math.inf)
    saved = 1.0  # MB of memory for one of size
    for _ in range(TIMES):
        size_mb = weighed.size_mb - max(weighed.memory_mb - MARGIN * limit_mb, 0.0) / saved
        if weighed.memory_mb <= limit_mb or not 0 < size_mb < weighed.size_mb:
            break
        smaller = make(size_mb)
        if smaller.memory_mb <= limit_mb:
            return smaller
        saved = _saved(weighed, smaller)
        if saved <= 0:
            break
        weighed = smaller
    return first


def _saved(larger: Weighed[Made], smaller: Weighed[Made]) -> float:
    """Return how much of memory went with each MB of size; 0 where no size went."""
    size = larger.size_mb - smaller.size_mb
    return (larger.memory_mb - smaller.memory_mb) / size if size > 0 else 0.0
