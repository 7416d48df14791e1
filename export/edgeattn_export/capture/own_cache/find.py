"""Finding the cache that a module's ``forward`` takes and returns, by calling it: no name or class decides.

A cache is what a call returns of a text's first half and takes, by some parameter, with the rest of the text,
such that both calls say what one call says of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from torch import nn

from edgeattn_export.capture.adapt.tracing import quiet
from edgeattn_export.capture.own_cache.cache import (
    Array,
    OwnCache,
    TextRoles,
    call_outputs,
    chunk_text,
    chunkings,
    output_array,
)
from edgeattn_export.capture.own_cache.candidates import cache_candidates, text_roles
from edgeattn_export.capture.own_cache.past import check_beginnings, check_pasts
from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.samples import LEAST_SAMPLES, Inputs, Samples
from edgeattn_export.graph.tree import is_tree, tensors_in
from edgeattn_runtime.errors import EdgeAttnError, ModelError, SampleError

OWN_TOLERANCE = 1e-4  # of what a logit varies by: PyTorch sums in another order for another number of tokens
SHORTEST_PROMPT = 3  # tokens: a beginning of two of them and a step
CACHE_RANK = 4  # of one tensor that is a cache by itself: (B, H, S, D), or several stacked


def find_cache(module: nn.Module, samples: Samples, axes: Axes) -> OwnCache | None:
    """Find a module's own cache, and prove it on the shortest and the longest sample.

    Returns:
        The cache, with an objection where the module takes what it returns, but does not then say what it
        says of the full sequence; None where ``forward`` returns nothing of the kind.

    Raises:
        SampleError: The samples have a past, but ``forward`` returns none, or another.
        ModelError: The module fails on a sample.
    """
    check_beginnings(samples)
    pieces = _first_outputs(module, samples)
    candidates = tuple(name for name, piece in pieces.items() if _may_be_cache(piece))
    cache = None
    if candidates:
        with quiet():
            cache = _search(module, samples, list(text_roles(samples, axes, pieces)), candidates)
    if cache is None:
        _check_no_past(samples)
    elif cache.objection is None:
        check_pasts(cache, samples)
    return cache


def _first_outputs(module: nn.Module, samples: Samples) -> Mapping[str, object]:
    try:
        return call_outputs(module, samples.beginning, samples[0].inputs)
    except ModelError as error:
        if len(samples.continued) < len(samples):
            raise
        name, value = next(iter(samples.continued[0].past.items()))
        raise SampleError(
            f"input {name!r}: {type(value).__name__} found in every sample, and forward fails without it "
            f"({error}); expected a tensor or numpy array, or for a cache at least {LEAST_SAMPLES} samples "
            "that begin without one"
        ) from error


def _may_be_cache(piece: object) -> bool:
    if isinstance(piece, torch.Tensor):
        return piece.ndim >= CACHE_RANK and piece.is_floating_point()
    return is_tree(piece) and bool(tensors_in(piece))


def _check_no_past(samples: Samples) -> None:
    for name, value in chain.from_iterable(s.past.items() for s in (samples[0], *samples.continued)):
        if value is not None:
            raise SampleError(
                f"input {name!r}: {type(value).__name__} found, a tensor or numpy array expected, in every "
                "sample or in none: forward returns no cache that it also takes; for a decoder, yield "
                f"texts of at least {SHORTEST_PROMPT} tokens"
            )


def _search(
    module: nn.Module, samples: Samples, roles: Sequence[TextRoles], candidates: tuple[str, ...]
) -> OwnCache | None:
    disproven: OwnCache | None = None
    for text in roles:
        inputs = _by_length(text, samples)
        if not inputs or not _is_causal(module, text, inputs[0]):
            continue
        for cache in cache_candidates(module, text, candidates):
            tested = _tested(cache, inputs[0])
            if tested is not None and tested.objection is None:
                return _proven(_without_source(tested, inputs[0]), inputs)
            disproven = disproven or tested
    return disproven


def _tested(cache: OwnCache, inputs: Inputs) -> OwnCache | None:
    """Try a cache on a text's halves; None where the module refuses it, or takes no notice of it."""
    length = cache.text.length(inputs)
    half = length // 2
    halves = half, length - half
    try:
        logits = cache.logits(inputs, halves)
    except EdgeAttnError:
        return None
    try:
        rest = cache.text.cut(inputs, half, length)
        logits_without_cache = cache.text.whole_logits(cache.module, rest)
    except EdgeAttnError:
        logits_without_cache = np.zeros(0)
    if np.array_equal(logits_without_cache, logits[:, half:]):
        return None
    reason = _difference(cache, inputs, logits)
    return cache if reason is None else replace(cache, objection=_objection(halves, reason))


def _by_length(text: TextRoles, samples: Samples) -> list[Inputs]:
    """Return the inputs of the shortest and the longest sample that can be cut."""
    by_length = sorted((sample.inputs for sample in samples), key=text.length)
    fit = [inputs for inputs in by_length if text.length(inputs) >= SHORTEST_PROMPT]
    return [fit[0], fit[-1]] if fit else []


def _is_causal(module: nn.Module, text: TextRoles, inputs: Inputs) -> bool:
    half = text.length(inputs) // 2
    try:
        prefix_logits = text.whole_logits(module, text.cut(inputs, 0, half))
    except EdgeAttnError:
        return False
    whole = text.whole_logits(module, inputs)
    return _disagreement(text.logits, whole[:, :half], prefix_logits) is None


def _difference(cache: OwnCache, inputs: Inputs, logits: Array) -> str | None:
    """Say where logits are not those of the text taken whole."""
    return _disagreement(cache.text.logits, cache.text.whole_logits(cache.module, inputs), logits)


def _disagreement(name: str, expected: Array, actual: Array) -> str | None:
    """Compare by what each place of the last axis varies by over all positions."""
    units = Units.of({name: expected.shape[-1:]}, [{name: expected}])
    return units.disagreement({name: expected}, {name: actual}, OWN_TOLERANCE)


def _without_source(cache: OwnCache, inputs: Inputs) -> OwnCache:
    """Also leave out what half of the text leaves as it is: it follows only from a source."""
    text = cache.text
    whole = text.call(cache.module, inputs)
    part = text.call(cache.module, text.cut(inputs, 0, text.length(inputs) // 2))
    same = (
        name
        for name, value in whole.items()
        if name != text.logits and isinstance(value, torch.Tensor)
        if _disagreement(name, output_array(whole, name), output_array(part, name)) is None
    )
    return replace(cache, left_out=cache.left_out.union(same))


def _proven(cache: OwnCache, texts: Sequence[Inputs]) -> OwnCache:
    """Take texts token by token and in chunks through a cache, and note where they are not the whole's."""
    for inputs in texts:
        for chunks in chunkings(cache.text.length(inputs)):
            try:
                reason = _difference(cache, inputs, cache.logits(inputs, chunks))
            except EdgeAttnError as error:
                reason = finding(error)
            if reason:
                return replace(cache, objection=_objection(chunks, reason))
    return cache


def _objection(chunks: tuple[int, ...], reason: str) -> str:
    return (
        f"forward, given its own cache in chunks of {chunk_text(chunks)}, does not match its full-sequence "
        f"output: {reason}"
    )
