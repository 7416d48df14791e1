"""The stage of the cache: a causal decoder's step form, or the model as it is, with the reason.

Of models that are no causal decoders at all, a report need not say that they get no cache.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edgeattn_export.cache.derive import derive_steps
from edgeattn_export.cache.implied import without_implied
from edgeattn_export.cache.model_graphs import ModelGraphs, WholeGraph
from edgeattn_export.cache.prove import check_causal
from edgeattn_export.cache.roles import find_roles
from edgeattn_export.cache.steps import CannotStep
from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.recover import Recovered


def is_decoder(captured: Captured, samples: Samples) -> bool:
    """Say whether a model scores what follows its tokens, and never looks ahead, or has a cache of its own.

    Args:
        captured: The whole model.
        samples: Real inputs.
    """
    if captured.cache is not None:
        return True
    whole = without_implied(captured, Recovered(captured.model, {}, ()), samples)
    try:
        check_causal(whole.captured, find_roles(whole.captured.graph), whole.samples)
    except CannotStep:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Cached:
    """What is lowered and made int8, and why a decoder among it has no cache."""

    graphs: ModelGraphs
    refused: tuple[Refused, ...] = ()


def with_cache(
    captured: Captured, recovered: Recovered, samples: Samples, later: Iterable[Sample] = ()
) -> Cached:
    """Give a causal decoder a key-value cache; other models stay as they are.

    Args:
        captured: The whole model.
        recovered: Its graph; left as it is.
        samples: Real inputs, of which the cache is derived.
        later: More of them, which it must answer too.
    """
    whole = Cached(WholeGraph(recovered.model, captured))
    cached, failed = with_fallback(
        "the cache", lambda: _cached(whole, captured, recovered, samples, later), whole
    )
    return replace(cached, refused=(*cached.refused, *(Refused("cache", "", "", why) for why in failed)))


def _cached(
    whole: Cached, captured: Captured, recovered: Recovered, samples: Samples, later: Iterable[Sample]
) -> Cached:
    if not is_decoder(captured, samples):
        return whole
    steps = derive_steps(captured, recovered, samples, later)
    if isinstance(steps, Refusal):
        return replace(whole, refused=(Refused("cache", "", "", steps.reason),))
    return Cached(steps)
