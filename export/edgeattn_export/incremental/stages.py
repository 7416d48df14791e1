"""The stages that give a model graphs which go on from what they kept: by tokens, or by hops of an input.

Where a graph cannot, the model stays as it is, with the reason. Of models that are no causal decoders at all,
a report need not say that they get no cache.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.incremental.kv_cache.derive import check_fits, derive_steps
from edgeattn_export.incremental.kv_cache.implied import without_implied
from edgeattn_export.incremental.kv_cache.prove import check_causal
from edgeattn_export.incremental.kv_cache.roles import find_roles
from edgeattn_export.incremental.kv_cache.steps import Steps
from edgeattn_export.incremental.model_graphs import Cached, WholeGraph
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.derive import derive_streaming
from edgeattn_export.incremental.streaming.steps import StreamingGraphs
from edgeattn_export.incremental.streaming.stream import StreamRequest, WrongHop
from edgeattn_export.recover import Recovered
from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.errors import BundleError, ModelError

CACHE, STREAMING = "cache", "streaming"  # the stages, as a report names them
Outcome = Steps | StreamingGraphs | Refusal | WrongHop | None


def is_decoder(captured: Captured, samples: Samples) -> bool:
    """Say whether a model has a cache of its own, or scores what follows its tokens and never looks ahead."""
    if captured.cache is not None:
        return True
    bare, _, its_samples = without_implied(captured, Recovered(captured.model, {}, ()), samples)
    try:
        check_causal(bare, find_roles(bare.graph), its_samples)
    except CannotStep:
        return False
    return True


def with_cache(
    captured: Captured, recovered: Recovered, samples: Samples, later: Iterable[Sample] = ()
) -> Cached:
    """Give a causal decoder a key-value cache, see ``derive_steps``; other models stay as they are."""

    def derived() -> Steps | Refusal | None:
        return derive_steps(captured, recovered, samples, later) if is_decoder(captured, samples) else None

    return _with(Cached(WholeGraph.of(recovered.model, captured)), CACHE, f"the {CACHE}", derived)


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

    def derived() -> StreamingGraphs | Refusal | WrongHop | None:
        if request is None:
            return None
        if not isinstance(cached.graphs, WholeGraph):
            return Refusal("the model is a decoder, which answers token by token with its cache")
        if fixing is not None:
            return Refusal(f"target {fixing!r} fixes sizes, and a whole of any length is asked for")
        try:
            return derive_streaming(cached.graphs, request, samples, later)
        except WrongHop as error:
            return error

    return _with(cached, STREAMING, STREAMING, derived)


def _with(cached: Cached, stage: str, what: str, attempt: Callable[[], Outcome]) -> Cached:
    """Return what an attempt derives, or the graphs as they are, and why.

    Raises:
        WrongHop: The attempt returns one.
    """
    derived, reasons = with_fallback(what, attempt, None)
    match derived:
        case WrongHop():
            raise derived
        case Refusal():
            reasons = (derived.reason,)
        case Steps() | StreamingGraphs():
            cached = replace(cached, graphs=derived)
    if isinstance(derived, StreamingGraphs):
        reasons = tuple(f"output {name!r}: {reason}" for name, reason in derived.left_out.items())
    refused = (Refused(stage, "", "", reason) for reason in reasons)
    return replace(cached, refused=(*cached.refused, *refused))


def with_defaults(cached: Cached, defaults: GenerationOptions) -> Cached:
    """Give a decoder the settings of its author; one without a cache takes none, with a warning.

    Raises:
        ModelError: They do not fit the model, such as a token beyond its vocabulary.
    """
    if not defaults:
        return cached
    if not isinstance(cached.graphs, Steps):
        warnings.warn(
            "generation: settings found, and no key-value cache: the bundle generates nothing", stacklevel=2
        )
        return cached
    steps = replace(cached.graphs, generation=replace(cached.graphs.generation, defaults=defaults))
    try:
        check_fits(steps)
    except BundleError as error:
        raise ModelError(f"{error}; correct generation of the model") from error
    return replace(cached, graphs=steps)
