"""Giving a decoder a key-value cache, where its ``forward`` knows none."""

from edgeattn_export.cache.derive import derive_steps
from edgeattn_export.cache.int8_cache import with_int8_cache
from edgeattn_export.cache.model_graphs import ModelGraph, ModelGraphs, WholeGraph
from edgeattn_export.cache.steps import Cache, Steps
from edgeattn_export.cache.with_cache import Cached, with_cache
from edgeattn_export.cache.with_defaults import with_defaults

__all__ = [
    "Cache",
    "Cached",
    "ModelGraph",
    "ModelGraphs",
    "Steps",
    "WholeGraph",
    "derive_steps",
    "with_cache",
    "with_defaults",
    "with_int8_cache",
]
