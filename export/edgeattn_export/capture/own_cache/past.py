"""Samples that continue a text: their past must be a cache of the module's own, and the rest must fit it.

How many tokens a cache holds is read off how what the module returns grows: no layout is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from edgeattn_export.capture.own_cache.cache import OwnCache, call_outputs
from edgeattn_export.graph.samples import LEAST_SAMPLES, Sample, Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.graph.tree import tensors_in
from edgeattn_runtime.errors import ModelError, SampleError

Dims = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CacheLengths:
    """Reads the lengths of a cache's tensors.

    Attributes:
        cache: Whose.
        samples: Real inputs.
        axes: By tensor of the cache, the axis that one token more makes longer; None where there is none.
    """

    cache: OwnCache
    samples: Samples
    axes: tuple[int | None, ...]

    @classmethod
    def of(cls, cache: OwnCache, samples: Samples) -> CacheLengths:
        """Find the axes by texts of one and of two tokens."""
        pairs = zip(*(_dims_after(cache, samples, length) for length in (1, 2)), strict=True)
        grown = ([a != b for a, b in zip(one, two, strict=True)] for one, two in pairs)
        return cls(cache, samples, tuple(axes.index(True) if any(axes) else None for axes in grown))

    def lengths_in_past(self, sample: Sample) -> tuple[int, ...] | None:
        """Return the lengths that a sample's past has, or None where its tensors are not the cache's."""
        return self._read(tensor_dims(sample.past.get(name) for name in self.cache.parameters))

    def lengths_after(self, tokens: int) -> tuple[int, ...] | None:
        """Return the lengths after a text of so many tokens, or None where the module takes no such text."""
        try:
            return self._read(_dims_after(self.cache, self.samples, tokens))
        except ModelError:
            return None

    def _read(self, sizes_of_tensors: tuple[Dims, ...]) -> tuple[int, ...] | None:
        pairs = tuple(zip(sizes_of_tensors, self.axes, strict=False))
        if len(sizes_of_tensors) != len(self.axes) or any(
            axis is not None and axis >= len(dims) for dims, axis in pairs
        ):
            return None
        return tuple(dims[axis] for dims, axis in pairs if axis is not None)


def tensor_dims(values: Iterable[object]) -> tuple[Dims, ...]:
    """Return the dims of all tensors that values hold."""
    return tuple(tuple(tensor.shape) for tensor in chain.from_iterable(map(tensors_in, values)))


def _dims_after(cache: OwnCache, samples: Samples, tokens: int) -> tuple[Dims, ...]:
    sequence = cache.text.axes.dims[cache.text.tokens][1]
    inputs = sized_inputs(samples, cache.text.axes, {sequence: tokens} if isinstance(sequence, str) else {})
    (pieces,) = cache.walk(inputs, (inputs[cache.text.tokens].shape[1],))
    return tensor_dims(pieces[name] for name in cache.outputs)


def check_beginnings(samples: Samples) -> None:
    """Check that what is given in addition to the inputs is the same wherever there is no past.

    Raises:
        SampleError: A position or a switch differs from the first sample's.
    """
    for i, sample in enumerate(samples):
        for name, value in sample.past.items():
            expected = samples.beginning.get(name)
            if isinstance(value, int) and value != expected:
                raise SampleError(
                    f"sample {i} of those without a past, input {name!r}: {value} found, {expected} expected "
                    "as in the first of them"
                )


def check_pasts(cache: OwnCache, samples: Samples) -> None:
    """Compare every past among the samples with the cache that the module itself returns.

    Raises:
        SampleError: A past holds other tensors than ``forward`` returns, its layers are not as long as one
            another, a mask, positions or a position disagree with its length, or ``forward`` fails with it.
    """
    if not samples.continued:
        return
    lengths = CacheLengths.of(cache, samples)
    for i, sample in enumerate(samples.continued):
        location = f"sample {i} of those with a past"
        past = _past_length(lengths, sample, location)
        if past is not None:
            if len(samples.continued) == len(samples):
                _check_own_text(cache, sample, past)
            _check_positions(sample, past, location)
            _check_inputs(cache, samples, sample, past, location)
        try:
            call_outputs(cache.module, {**cache.text.beginning, **sample.past}, sample.inputs)
        except ModelError as error:
            raise SampleError(f"{location}: {error}; hand over the cache as forward returned it") from error


def _past_length(cache_lengths: CacheLengths, sample: Sample, location: str) -> int | None:
    """Return how many tokens a past holds; None where a window may have cut it."""
    lengths = cache_lengths.lengths_in_past(sample)
    name = ", ".join(map(repr, cache_lengths.cache.parameters))
    if lengths is None:
        dims = tensor_dims(sample.past.values())
        raise SampleError(
            f"{location}, input {name}: {len(dims)} tensors found, the first of dims {dims[0]}; "
            f"{len(cache_lengths.axes)} expected, as forward returns them"
        )
    longest = max(lengths, default=0)
    if len(set(lengths)) > 1 and lengths != cache_lengths.lengths_after(longest):
        raise SampleError(
            f"{location}, input {name}: lengths {', '.join(map(str, lengths))} found, the same expected in "
            "every layer; hand over the cache as forward returned it"
        )
    return longest if cache_lengths.lengths_after(longest + 1) == (longest + 1,) * len(lengths) else None


def _check_own_text(cache: OwnCache, sample: Sample, past: int) -> None:
    """Where every sample has a past, its tokens are a text of their own: no mask may speak of both."""
    text = cache.text
    total = sample.inputs[text.tokens].shape[1] + past
    for name, value in sample.inputs.items():
        if not text.grown_axes(name) and value.shape[-1:] == (total,):
            raise SampleError(
                f"samples: each has a past, which {name!r} covers too ({total} positions); yield at "
                f"least {LEAST_SAMPLES} sequences from their beginning, with no past"
            )


def _check_positions(sample: Sample, past: int, location: str) -> None:
    for name, value in sample.past.items():
        if isinstance(value, int) and not isinstance(value, bool) and value != past:
            raise SampleError(
                f"{location}, input {name!r}: {value} found, {past} expected: its past's number of tokens"
            )


def _check_inputs(cache: OwnCache, samples: Samples, sample: Sample, past: int, location: str) -> None:
    text = cache.text
    new = sample.inputs[text.tokens].shape[1]
    for name in samples.names:
        value = sample.inputs[name]
        if name == text.tokens or not text.grown_axes(name):
            continue
        actual, expected = value.shape[-1], new + past if name in text.masks else new
        if actual != expected:
            raise SampleError(
                f"{location}, input {name!r}: {actual} positions found, {expected} expected: {new} tokens "
                f"and a past of {past}"
            )
        if _counts(samples, name) and not bool((value == np.arange(past, past + new)).all()):
            raise SampleError(
                f"{location}, input {name!r}: positions from {value.flat[0]} found, from {past} expected: "
                "the number of tokens in its past"
            )


def _counts(samples: Samples, name: str) -> bool:
    """Say whether an input counts the positions of a text from 0."""
    values = (sample.inputs[name] for sample in samples)
    return all(
        value.dtype.kind in "iu" and bool((value == np.arange(value.shape[-1])).all()) for value in values
    )
