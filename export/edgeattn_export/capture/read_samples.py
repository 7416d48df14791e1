"""Real inputs, as a module's user hands them over: read once, checked against its ``forward``."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import nn

from edgeattn_export.graph.samples import LEAST, Sample, Samples, alike, array_of
from edgeattn_export.graph.tree import as_torch, is_tree
from edgeattn_runtime.errors import ModelError, SampleError

LIMIT = 2000  # samples read; what follows them is ignored, so that memory stays bounded


def read_samples(module: nn.Module, raw: Iterable[object]) -> Samples:
    """Read samples and check them against the module's ``forward`` and against one another.

    Args:
        module: Its ``forward``'s parameters name the inputs.
        raw: Real inputs: dicts of tensors or arrays by name, tuples in the order of ``forward``, either of
            them paired with a target as ``(inputs, target)``, or a DataLoader of such. At least three. In a
            dict, what a call takes of an earlier one may be a tuple, a list, a dict or a Cache of tensors,
            None, or a plain number.

    Raises:
        ModelError: The module's ``forward`` names no input.
        SampleError: Nothing to iterate over; fewer than three samples; an unknown or missing name; a value
            that is no tensor, is float64, is empty or holds a NaN or an infinity; a dtype or rank that
            differs from the first sample's.
    """
    forward = _Forward.of(module)
    if not isinstance(raw, Iterable):
        raise SampleError(
            f"samples: {type(raw).__name__} found; expected real inputs one by one, such as a list of dicts"
        )
    read = [_sample(forward, i, item) for i, item in enumerate(islice(raw, LIMIT))]
    beginning = [sample for sample in read if not sample.continues]
    continued = tuple(sample for sample in read if sample.continues)
    if len(beginning) < LEAST:  # then what continues another text is taken for a text of its own
        beginning = [replace(sample, past=_emptied(sample.past)) for sample in read]
    return replace(alike(beginning), continued=continued)


def _emptied(past: Mapping[str, object]) -> Mapping[str, object]:
    """Return a past without tokens: no cache, a position of 0, and switches as they are."""
    return {
        name: value if isinstance(value, bool) else 0 if isinstance(value, int) else None
        for name, value in past.items()
    }


@dataclass(frozen=True, slots=True)
class _Forward:
    """The names that a module's ``forward`` takes."""

    names: tuple[str, ...]
    required: frozenset[str]

    @classmethod
    def of(cls, module: nn.Module) -> _Forward:
        takes = [
            p
            for p in inspect.signature(module.forward).parameters.values()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY, p.POSITIONAL_ONLY)
        ]
        if not takes:
            raise ModelError(
                f"{type(module).__name__}: its forward{inspect.signature(module.forward)} names no input; "
                "expected one parameter an input, such as forward(self, tokens, mask)"
            )
        return cls(tuple(p.name for p in takes), frozenset(p.name for p in takes if p.default is p.empty))

    def needs(self, name: str, value: object) -> bool:
        """Say whether a call must be given a value: None is left out where it may be."""
        return value is not None or name in self.required


def _sample(forward: _Forward, index: int, raw: object) -> Sample:
    inputs, target = _parted(forward, raw)
    if inputs is None:
        raise SampleError(
            f"sample {index}: {type(raw).__name__} found; expected a dict of inputs by name, a tuple of "
            "tensors, or a pair of such and a target"
        )
    unknown = [str(name) for name in inputs if name not in forward.names]
    missing = [name for name in forward.names if name in forward.required and name not in inputs]
    if unknown or missing:
        found = f"unknown {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise SampleError(
            f"sample {index}: {found}; forward takes {', '.join(forward.names)}; name each input after it"
        )
    ordered = {name: inputs[name] for name in forward.names if name in inputs}
    past = {name: as_torch(value) for name, value in ordered.items() if _is_past(value)}
    arrays = {name: array_of(index, name, value) for name, value in ordered.items() if name not in past}
    return Sample(arrays, target, {name: past[name] for name in past if forward.needs(name, past[name])})


def _is_past(value: object) -> bool:
    return value is None or isinstance(value, int) or is_tree(value)


def _parted(forward: _Forward, raw: object) -> tuple[Mapping[str, object] | None, object]:
    match raw:
        case Mapping():
            return raw, None
        case (Mapping() as inputs, target):
            return inputs, target
        case (tuple() | list() as inputs, target):
            return _in_order(forward, inputs), target
        case tuple() | list() if len(raw) == len(forward.names) + 1:  # a data set's usual (input, label)
            return _in_order(forward, raw[:-1]), raw[-1]
        case tuple() | list():
            return _in_order(forward, raw), None
    return None, None


def _in_order(forward: _Forward, values: Sequence[object]) -> Mapping[str, object] | None:
    tensors = all(isinstance(value, torch.Tensor | np.ndarray) for value in values)
    fits = tensors and len(values) <= len(forward.names)
    return dict(zip(forward.names, values, strict=False)) if fits else None
