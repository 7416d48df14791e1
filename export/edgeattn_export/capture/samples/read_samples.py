"""Real inputs -> samples: a user's iterable, checked against the module's ``forward``, or an .npz file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture.samples.calls import Forward, calls_of
from edgeattn_export.capture.samples.nested_inputs import CallValues, flat_inputs, nested_inputs
from edgeattn_export.graph.samples import LEAST_SAMPLES, Sample, Samples, as_samples, check_alike, input_array
from edgeattn_export.graph.tree import InputTree, as_torch, is_tree
from edgeattn_runtime.errors import SampleError
from edgeattn_runtime.processing.npz import read_npz as read_arrays

LIMIT = 2000  # samples read at once, so that memory stays bounded; what follows them is read on, or ignored
AT_ONCE = 64  # samples read on at once
_NUMBERED = re.compile(r"(\d+)\.(.+)")


def read_samples(module: nn.Module, raw: Iterable[object]) -> Samples:
    """Read samples and check them against the module's ``forward`` and against one another.

    Args:
        module: In eval mode. The parameters of its ``forward`` name the inputs.
        raw: Real inputs: dicts of tensors or arrays by name, tuples in the order of ``forward``, either of
            them paired with a target as ``(inputs, target)``, or a DataLoader of such. At least three. In a
            dict, a value may be a tuple, a list or a dict of tensors; and what a call takes of an earlier one
            may be one of these, a Cache, None, or a plain number. Where ``forward`` takes one dict, the
            dict's own keys may stand in the place of its name.

    Raises:
        ModelError: The module's ``forward`` names no input.
        SampleError: Nothing to iterate over; fewer than three samples; an unknown or missing name; a value
            that is no tensor, is float64, is empty or holds a NaN or an infinity; an input that not every
            sample has; a dtype or rank that differs from the first sample's.
    """
    if not isinstance(raw, Iterable):
        raise SampleError(
            f"samples: {type(raw).__name__} found; expected real inputs one by one, such as a list of dicts"
        )
    forward = Forward.of(module)
    calls, targets = calls_of(forward, list(islice(raw, LIMIT)))
    nested = nested_inputs(module, forward.required, calls)
    parsed = [
        Sample(_arrays(nested, i, call), target, _past(forward, nested, call))
        for i, (call, target) in enumerate(zip(calls, targets, strict=True))
    ]
    beginning = [sample for sample in parsed if not sample.continues]
    continued = tuple(sample for sample in parsed if sample.continues)
    if len(beginning) < LEAST_SAMPLES:  # then what continues another text is taken for a text of its own
        beginning = [replace(sample, past=_without_tokens(sample.past)) for sample in parsed]
    return replace(as_samples(beginning), continued=continued, nested=nested)


def read_on(module: nn.Module, reference: Samples, raw: Iterable[object], start: int) -> Iterator[Sample]:
    """Read samples one after the other that follow others; those that continue a text are left out.

    Args:
        module: As for ``read_samples``.
        reference: Samples of it, which these must be like.
        raw: As for ``read_samples``, of any number.
        start: The place of the first of them among all.

    Raises:
        SampleError: As ``read_samples`` does.
    """
    forward, items = Forward.of(module), iter(raw)
    while batch := list(islice(items, AT_ONCE)):
        calls, targets = calls_of(forward, batch, start)
        for i, (call, target) in enumerate(zip(calls, targets, strict=True), start):
            inputs, past = _arrays(reference.nested, i, call), _past(forward, reference.nested, call)
            check_alike(i, inputs, reference[0].inputs)
            sample = Sample(inputs, target, past, i)
            if not sample.continues:
                yield sample
        start += len(batch)


def _without_tokens(past: Mapping[str, object]) -> Mapping[str, object]:
    """Return a past without tokens: no cache, a position of 0, and switches as they are."""
    return {
        name: value if isinstance(value, bool) else 0 if isinstance(value, int) else None
        for name, value in past.items()
    }


def _arrays(nested: Mapping[str, InputTree], index: int, call: CallValues) -> dict[str, NDArray[np.generic]]:
    tensors: list[tuple[str, object]] = []
    for name, value in call.items():
        if name in nested:
            tensors += flat_inputs(index, nested[name], value)
        elif not _is_past(value):
            tensors.append((name, value))
    return {name: input_array(index, name, tensor) for name, tensor in tensors}


def _past(forward: Forward, nested: Mapping[str, InputTree], call: CallValues) -> dict[str, object]:
    """Return what is no input: a call is given None only where it must be."""
    past = {name: as_torch(value) for name, value in call.items() if name not in nested and _is_past(value)}
    return {n: value for n, value in past.items() if value is not None or n in forward.required}


def _is_past(value: object) -> bool:
    return value is None or isinstance(value, int) or is_tree(value)


def read_npz(path: Path) -> Samples:
    """Read samples from an .npz file: arrays ``0.tokens``, ``1.tokens``..., or one stack of samples a name.

    Raises:
        BadInput: No such file, or not an .npz.
        SampleError: Names that are neither, or arrays that are no samples.
    """
    arrays = read_arrays(path)
    numbered = any(map(_NUMBERED.fullmatch, arrays))
    return as_samples(_numbered(arrays) if numbered else _stacked(arrays))


def _numbered(arrays: Mapping[str, NDArray[np.generic]]) -> Iterator[Sample]:
    samples: dict[int, dict[str, NDArray[np.generic]]] = {}
    for key, value in arrays.items():
        match = _NUMBERED.fullmatch(key)
        if match is None:
            raise SampleError(f"array {key!r}: expected SAMPLE.INPUT as the others, such as '0.tokens'")
        samples.setdefault(int(match[1]), {})[match[2]] = input_array(int(match[1]), match[2], value)
    for _, inputs in sorted(samples.items()):
        yield Sample(inputs)


def _stacked(arrays: Mapping[str, NDArray[np.generic]]) -> Iterator[Sample]:
    counts = {len(value) if value.ndim else 0 for value in arrays.values()}
    if len(counts) != 1:
        raise SampleError(f"arrays hold {sorted(counts)} samples; expected the same number for every input")
    for i in range(counts.pop()):
        yield Sample({name: input_array(i, name, value[i : i + 1]) for name, value in arrays.items()})
