"""The stage of streaming: an encoder's graph of a hop, where one is asked for, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgeattn_export.cache import Cached, WholeGraph
from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.streaming.derive import derive_streaming
from edgeattn_export.streaming.request import StreamRequest
from edgeattn_export.streaming.steps import StreamingGraphs
from edgeattn_export.streaming.stream import WrongHop

STREAMING = "streaming"


def with_streaming(
    cached: Cached,
    request: StreamRequest | None,
    samples: Samples,
    later: Iterable[Sample] = (),
    *,
    fixing: str | None = None,
) -> Cached:
    """Give an encoder a graph of a hop, where one is asked for.

    Args:
        cached: The model's graphs; left as they are.
        request: What arrives piece by piece; None for nothing.
        samples: Real inputs, of which the graph is derived.
        later: More of them, which it must answer too.
        fixing: The name of a target that fixes sizes; None where none of the targets does.

    Raises:
        WrongHop: The request does not fit the model.
    """
    if request is None:
        return cached
    derived, failed = with_fallback(
        STREAMING, lambda: _derived(cached, request, samples, later, fixing), None
    )
    if isinstance(derived, WrongHop):
        raise derived
    if isinstance(derived, StreamingGraphs):
        cached = replace(cached, graphs=derived)
        reasons = tuple(f"output {name!r}: {reason}" for name, reason in derived.left_out.items())
    else:
        reasons = failed if derived is None else (derived.reason,)
    refused = (Refused(STREAMING, "", "", reason) for reason in reasons)
    return replace(cached, refused=(*cached.refused, *refused))


def _derived(
    cached: Cached, request: StreamRequest, samples: Samples, later: Iterable[Sample], fixing: str | None
) -> StreamingGraphs | Refusal | WrongHop:
    if not isinstance(cached.graphs, WholeGraph):
        return Refusal("the model is a decoder, which answers token by token with its cache")
    if fixing is not None:
        return Refusal(f"target {fixing!r} fixes sizes, and a whole of any length is asked for")
    try:
        return derive_streaming(cached.graphs, request, samples, later)
    except WrongHop as error:
        return error
