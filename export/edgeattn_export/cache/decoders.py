"""Which models are causal decoders at all: of the others, a report need not say that they get no cache."""

from __future__ import annotations

from edgeattn_export.cache.implied import without_implied
from edgeattn_export.cache.prove import check_causal
from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.cache.roles import find_roles
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.samples import Samples
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
