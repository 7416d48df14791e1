"""Where a graph's work runs, in words."""

from __future__ import annotations

from edgeattn.report.number_words import count
from edgeattn_export.graph.placement import Fallback, Placement

NAMED = 3  # modules of a fallback that are named at most


def placement_words(placement: Placement) -> str:
    """Say which share of the work runs where, in how many partitions, and what falls back, a line each."""
    shares = ", ".join(f"{name} {100 * share:.3g} %" for name, share in placement.shares.items())
    head = (
        f"{placement.how}: {shares} of the multiply-accumulates; {count(placement.partitions, 'partition')}"
    )
    return "\n".join((head, *map(_line, placement.fallbacks)))


def _line(fallback: Fallback) -> str:
    named = [module for module in fallback.modules if module]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    where = f" at {', '.join(named[:NAMED])}{more}" if named else ""
    reason = f": {fallback.reason}" if fallback.reason else ""
    return f"falls back: {fallback.count} {fallback.operator}{where}{reason}"
