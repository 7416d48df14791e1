"""The size of a decoder's cache, and what it is kept in: int8 where a budget leaves no room for float32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeattn_export.incremental import Steps, with_int8_cache
from edgeattn_export.targets import LoweredGraphs
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.engine.kv_cache import cache_bytes, past_tensors
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.graph import Graph

LIMIT = "cache_mb"
INT8_CACHE = "int8 cache"  # among the lowerings that a report counts


def cache_mb(generation: Generation | None, graphs: Mapping[str, Graph]) -> float | None:
    """Return the MB (10^6 bytes) of the cache of one text as long as any; None where nothing bounds it."""
    if generation is None or generation.positions is None:
        return None
    pasts = past_tensors(generation, graphs[generation.decoder])
    return cache_bytes(pasts, batch=1, total=generation.positions) / 1e6


def within_cache(lowered: LoweredGraphs, limits: Mapping[str, float]) -> LoweredGraphs:
    """Keep a decoder's cache in int8 where in float32 it is more than a budget allows.

    Raises:
        BudgetError: The cache is limited, and there is none, or nothing bounds it.
    """
    if LIMIT not in limits:
        return lowered
    steps = lowered.graphs
    if not isinstance(steps, Steps):
        reasons = "".join(f": {refused.reason}" for refused in lowered.refused if refused.rule == "cache")
        raise BudgetError(
            f"budget {LIMIT}: the model has no key-value cache to limit{reasons}; leave this limit out"
        )
    size_mb = cache_mb(steps.generation, {name: each.graph for name, each in steps.graphs.items()})
    if size_mb is None:
        raise BudgetError(
            f"budget {LIMIT}: the model's texts may have any length, and its cache any size; give the "
            "axis of its tokens a largest size, or leave this limit out"
        )
    if size_mb <= limits[LIMIT]:
        return lowered
    applied = {**lowered.applied, INT8_CACHE: len(steps.generation.cache)}
    return replace(lowered, graphs=with_int8_cache(steps), applied=applied)
