"""Graphs that continue along one axis from what they kept: a decoder's tokens, or an encoder's hops."""

from edgeattn_export.incremental.kv_cache.derive import derive_steps
from edgeattn_export.incremental.kv_cache.int8_cache import with_int8_cache
from edgeattn_export.incremental.kv_cache.steps import Steps
from edgeattn_export.incremental.model_graphs import Cached, ModelGraph, ModelGraphs, WholeGraph
from edgeattn_export.incremental.stages import with_cache, with_defaults, with_streaming
from edgeattn_export.incremental.streaming.derive import derive_streaming
from edgeattn_export.incremental.streaming.steps import StreamingGraphs
from edgeattn_export.incremental.streaming.stream import StreamRequest, WrongHop

__all__ = [
    "Cached",
    "ModelGraph",
    "ModelGraphs",
    "Steps",
    "StreamRequest",
    "StreamingGraphs",
    "WholeGraph",
    "WrongHop",
    "derive_steps",
    "derive_streaming",
    "with_cache",
    "with_defaults",
    "with_int8_cache",
    "with_streaming",
]
