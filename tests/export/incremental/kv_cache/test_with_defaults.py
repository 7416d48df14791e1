"""Settings of a model's author: a decoder with a cache keeps them, and refuses what does not fit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeattn_export.incremental import Cached, WholeGraph, with_defaults
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.errors import ModelError


def test_a_decoder_keeps_them(derivation: Callable[[str], Any]) -> None:
    steps, defaults = derivation("rotary").steps, GenerationOptions(stop=(1,), temperature=0.7)
    cached = with_defaults(Cached(steps), defaults)
    assert cached.graphs.generation is not None
    assert cached.graphs.generation.defaults == defaults
    again = cached.graphs.with_models({name: part.model for name, part in steps.graphs.items()})
    assert again.generation is not None
    assert again.generation.defaults == defaults
    assert with_defaults(Cached(steps), NO_OPTIONS).graphs is steps


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        (GenerationOptions(stop=(100_000,)), r"generation\.defaults\.stop: token 100000 found, 0 to "),
        (GenerationOptions(start=(1,)), r"generation\.defaults\.start: found in a decoder alone"),
    ],
)
def test_what_does_not_fit_is_refused(
    derivation: Callable[[str], Any], defaults: GenerationOptions, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        with_defaults(Cached(derivation("rotary").steps), defaults)


def test_a_model_without_a_cache_takes_none(derivation: Callable[[str], Any]) -> None:
    found = derivation("rotary")
    whole = Cached(WholeGraph(found.recovered.model, found.captured))
    with pytest.warns(UserWarning, match="no key-value cache"):
        assert with_defaults(whole, GenerationOptions(stop=(1,))) is whole
