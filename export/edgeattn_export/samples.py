"""Real inputs, as the model's owner hands them over: read once, checked once, typed from here on."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.own_cache.tree import as_torch, is_tree, tensors_in
from edgeattn_runtime.errors import ModelError, SampleError

Inputs = Mapping[str, NDArray[np.generic]]

LIMIT = 2000  # samples read; what follows them is ignored, so that memory stays bounded
JUDGED_SHARE = 0.5  # of the samples; the others calibrate and prove the rewrites


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of the model.

    Attributes:
        inputs: Its tensors by name.
        target: What the owner's metric compares with.
        past: What the call takes of an earlier one, by name: a cache, None for none, and plain numbers such
            as the position where it ended.
    """

    inputs: Inputs
    target: object = None
    past: Mapping[str, object] = field(default_factory=dict)

    @property
    def continues(self) -> bool:
        """Whether the past holds anything."""
        return any(tensor.numel() for tensor in tensors_in(self.past))


@dataclass(frozen=True, slots=True)
class Samples(Sequence[Sample]):
    """Samples of one model, alike in names, dtypes and ranks; sizes may differ.

    Attributes:
        items: Calls that begin: none has a past.
        continued: Calls that continue others, for whoever can tell what their past means.
    """

    items: tuple[Sample, ...]
    continued: tuple[Sample, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Sample | Samples:
        return replace(self, items=self.items[index]) if isinstance(index, slice) else self.items[index]

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs' names, in the order of ``forward``."""
        return tuple(self.items[0].inputs)

    @property
    def beginning(self) -> Mapping[str, object]:
        """What ``forward`` is called with beside its inputs where there is no past."""
        return self.items[0].past

    def split(self) -> tuple[Samples, Samples]:
        """Return the samples that calibrate and, disjoint from them, the samples that judge.

        They are dealt in turn, so that both see every part of a sorted data set.
        """
        period = round(1 / (1 - JUDGED_SHARE))
        calibrate = tuple(item for i, item in enumerate(self.items) if i % period == 0)
        judge = tuple(item for i, item in enumerate(self.items) if i % period)
        return replace(self, items=calibrate), replace(self, items=judge)


def read_samples(module: nn.Module, raw: Iterable[object]) -> Samples:
    """Read samples and check them against the module's ``forward`` and against one another.

    Args:
        module: Its ``forward``'s parameters name the inputs.
        raw: Real inputs: dicts of tensors or arrays by name, tuples in the order of ``forward``, either of
            them paired with a target as ``(inputs, target)``, or a DataLoader of such. At least two. In a
            dict, what a call takes of an earlier one may be a tuple, a list, a dict or a Cache of tensors,
            None, or a plain number.

    Raises:
        ModelError: The module's ``forward`` names no input.
        SampleError: Nothing to iterate over; no or one sample; an unknown or missing name; a value that is no
            tensor, is float64, is empty or holds a NaN or an infinity; a dtype or rank that differs
            from the first sample's.
    """
    forward = _Forward.of(module)
    if not isinstance(raw, Iterable):
        raise SampleError(
            f"samples: {type(raw).__name__} found; expected real inputs one by one, such as a list of dicts"
        )
    read = [_sample(forward, i, item) for i, item in enumerate(islice(raw, LIMIT))]
    beginning = [sample for sample in read if not sample.continues]
    continued = tuple(sample for sample in read if sample.continues)
    if len(beginning) < 2:  # then what continues another text is taken for a text of its own
        beginning = [replace(sample, past=_emptied(sample.past)) for sample in read]
    return replace(alike(beginning), continued=continued)


def _emptied(past: Mapping[str, object]) -> Mapping[str, object]:
    """Return a past without tokens: no cache, a position of 0, and switches as they are."""
    return {
        name: value if isinstance(value, bool) else 0 if isinstance(value, int) else None
        for name, value in past.items()
    }


def alike(samples: Iterable[Sample]) -> Samples:
    """Return samples as one, checked against the first.

    Raises:
        SampleError: No or one sample; names, dtypes or ranks that differ.
    """
    items = tuple(samples)
    if len(items) < 2:
        raise SampleError(
            f"samples: {len(items)} found, at least 2 expected (some calibrate, others judge); "
            "yield a few hundred real inputs"
        )
    for i, item in enumerate(items):
        _check_alike(i, item.inputs, items[0].inputs)
    return Samples(items)


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


def array_of(index: int, name: str, value: object) -> NDArray[np.generic]:
    """Return one input of one sample as an array.

    Raises:
        SampleError: It is no dense tensor of bool, integer or float32; it is empty, or holds a NaN or an
            infinity, but for the minus infinity of a mask.
    """
    where = f"sample {index}, input {name!r}"
    if isinstance(value, torch.Tensor):
        try:
            value = value.detach().cpu().numpy()
        except TypeError as error:  # sparse, or bfloat16
            raise SampleError(
                f"{where}: {error}; expected a dense bool, integer or float32 tensor"
            ) from error
    if not isinstance(value, np.ndarray):
        raise SampleError(f"{where}: {type(value).__name__} found, a tensor or numpy array expected")
    if value.dtype == np.float64:
        raise SampleError(f"{where}: float64 found, float32 expected; convert it with .astype('float32')")
    if value.dtype.kind not in "biuf":
        raise SampleError(f"{where}: dtype {value.dtype} found; expected bool, integer or float")
    if value.size == 0:
        raise SampleError(f"{where}: dims {value.shape} hold nothing; leave such samples out")
    if value.dtype.kind == "f" and np.isnan(value).any():
        raise SampleError(f"{where}: holds a NaN; leave such samples out or mend them")
    if value.dtype.kind == "f" and np.isposinf(value).any():  # minus infinity is how a mask hides
        raise SampleError(f"{where}: holds an infinity; leave such samples out or mend them")
    return value


def _check_alike(index: int, inputs: Inputs, first: Inputs) -> None:
    if tuple(inputs) != tuple(first):
        raise SampleError(
            f"sample {index}: inputs {', '.join(inputs)} found, {', '.join(first)} expected as in sample 0"
        )
    for name, value in inputs.items():
        expected = first[name]
        if value.dtype != expected.dtype:
            raise SampleError(
                f"sample {index}, input {name!r}: {value.dtype} found, {expected.dtype} expected as "
                "in sample 0"
            )
        if value.ndim != expected.ndim:
            raise SampleError(
                f"sample {index}, input {name!r}: rank {value.ndim} found, rank {expected.ndim} expected as "
                "in sample 0"
            )
