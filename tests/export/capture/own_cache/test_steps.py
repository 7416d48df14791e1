"""What becomes of a module with a cache of its own: a graph without one, and steps as of any decoder."""

from __future__ import annotations

import numpy as np
from cached_models import Decoder, Forgetful, LengthFirst, text
from fixture_types import Export
from torch import nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.incremental import Steps, derive_steps
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover

TOLERANCE = 1e-5
LENGTHS = (5, 9, 14)


def _derived(module: nn.Module, exported: Export) -> tuple[Captured, Steps | Refusal]:
    captured, samples = exported(module, [{"tokens": text(length)} for length in LENGTHS])
    assert [tensor.name for tensor in captured.graph.inputs] == ["tokens"]
    assert [tensor.name for tensor in captured.graph.outputs] == ["output_0"]
    return captured, derive_steps(captured, recover(captured, samples), samples)


def test_steps_say_what_the_own_cache_says(exported: Export) -> None:
    captured, steps = _derived(Decoder(LengthFirst), exported)
    assert isinstance(steps, Steps), steps
    assert captured.cache is not None
    inputs = {"tokens": np.asarray(text(11, batch=2))}
    own, actual = (taken.logits(inputs, (4, 1, 1, 5)) for taken in (captured.cache, steps.runner(ORT_CPU)))
    np.testing.assert_allclose(actual, own, atol=TOLERANCE)
    assert [cache.past for cache in steps.generation.cache] == [
        f"past_{kind}_{layer}" for layer in (0, 1) for kind in ("key", "value")
    ]


def test_a_cache_that_is_none_is_refused_in_words_and_the_model_kept_whole(exported: Export) -> None:
    captured, refused = _derived(Forgetful(), exported)
    assert captured.cache is not None
    assert isinstance(refused, Refusal)
    assert refused.reason == captured.cache.objection
