"""Where a bundle takes more memory than it may: a smaller one, if that helps.

Memory is that of the weights and of what runs them, and only the former are ours to choose. So the graphs are
asked to be smaller by what the memory is too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from edgeattn.bundle import Bundle
from edgeattn.measure.runners import INT8
from edgeattn.report.report import Report

MEMORY = "memory_mb"
TIMES = 2  # the second knows what the first has saved
MARGIN = 0.99  # of the limit: memory differs a little from process to process


def shrunk(make: Callable[[float], Bundle]) -> Bundle:
    """Return a bundle that keeps to its limit on memory; where none does, the one made without regard to it.

    Args:
        make: Makes a bundle whose int8 graphs together take at most so many MB (10^6 bytes), or as near to
            that as they come.
    """
    first = bundle = make(math.inf)
    saved = 1.0  # MB of memory for one of size
    for _ in range(TIMES):
        size_mb = bundle.report.size_mb[INT8] - _beyond(bundle.report) / saved
        if not 0 < size_mb < bundle.report.size_mb[INT8]:
            break
        smaller = make(size_mb)
        if _failed(smaller.report) < _failed(first.report):
            return smaller
        saved = _saved(bundle.report, smaller.report)
        if saved <= 0:
            break
        bundle = smaller
    return first


def _beyond(report: Report) -> float:
    """Return by how many MB memory is too large; 0 where it is not."""
    missed = (check for check in report.checks if check.name == MEMORY and not check.ok)
    return sum(check.measured - MARGIN * check.limit for check in missed)


def _saved(larger: Report, smaller: Report) -> float:
    """Return how much of memory went with each MB of size; 0 where no size went."""
    size = larger.size_mb[INT8] - smaller.size_mb[INT8]
    if size <= 0 or larger.memory_mb is None or smaller.memory_mb is None:
        return 0.0
    return (larger.memory_mb - smaller.memory_mb) / size


def _failed(report: Report) -> set[str]:
    return {check.name for check in report.checks if not check.ok}
