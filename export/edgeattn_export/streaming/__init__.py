"""Giving an encoder that only looks back a graph that answers as its input arrives, hop by hop."""

from edgeattn_export.streaming.derive import derive_streaming
from edgeattn_export.streaming.request import StreamRequest
from edgeattn_export.streaming.steps import StreamingGraphs
from edgeattn_export.streaming.stream import WrongHop
from edgeattn_export.streaming.with_streaming import with_streaming

__all__ = ["StreamRequest", "StreamingGraphs", "WrongHop", "derive_streaming", "with_streaming"]
