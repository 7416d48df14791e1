"""Real inputs, as the model author hands them over: read once, checked once, typed from here on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray

from edgeattn_export.graph.tree import InputTree, tensors_in
from edgeattn_runtime.errors import SampleError

Inputs = Mapping[str, NDArray[np.generic]]

LEAST_SAMPLES = 3  # one for each part
DEALT_AT_ONCE = 4  # samples that are dealt at a time
CALIBRATION, SELECTION = 0, 2  # their places in a round; the two others evaluate
DRAFT_CALIBRATION, DRAFT_SELECTION = 24, 8  # samples that a draft takes at most
DRAFT_EVALUATION = 64  # of which the worst speaks for 95 % of inputs


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of the model.

    Attributes:
        inputs: Its tensors by name.
        target: What the user's metric compares with.
        past: What the call takes of an earlier one, by name: a cache, None for none, and plain numbers such
            as the position where it ended.
        number: Its place among the samples as the user yields them, from 0.
    """

    inputs: Inputs
    target: object = None
    past: Mapping[str, object] = field(default_factory=dict)
    number: int = 0

    @property
    def continues(self) -> bool:
        """Whether the past holds anything."""
        return any(tensor.numel() for tensor in tensors_in(self.past))


@dataclass(frozen=True, slots=True)
class Samples(Sequence[Sample]):
    """Samples of one model, alike in names, dtypes and ranks; sizes may differ.

    Attributes:
        items: Calls that begin: none has a past.
        continued: Calls that continue others, for readers that know what their past means.
        nested: By name, the parameters of ``forward`` that take several inputs in one value.
    """

    items: tuple[Sample, ...]
    continued: tuple[Sample, ...] = ()
    nested: Mapping[str, InputTree] = field(default_factory=dict)

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
        """What ``forward`` is called with where there is no past, in addition to its inputs."""
        return {**self.items[0].past, **self.nested}

    @property
    def notes(self) -> tuple[str, ...]:
        """How parameters of ``forward`` are made of inputs, a line each."""
        return tuple(f"Parameter {name} of forward holds {value}." for name, value in self.nested.items())

    def split(self) -> SampleSplit:
        """Return three parts that share no sample.

        They are dealt in turn, so that each sees every part of a sorted data set: of four samples the first
        calibrates, the third selects, and the others evaluate.
        """
        calibration, selection = (
            replace(self, items=self.items[start::DEALT_AT_ONCE]) for start in (CALIBRATION, SELECTION)
        )
        return SampleSplit(calibration, selection, replace(self, items=self.items[1::2]))


@dataclass(frozen=True, slots=True)
class SampleSplit:
    """Samples in three parts, never mixed: what is chosen by some is evaluated by others.

    Attributes:
        calibration: Statistics, rounding and the proofs of rewrites.
        selection: The search and its refinements choose on these.
        evaluation: The report's figures and verdict, when all is chosen.
    """

    calibration: Samples
    selection: Samples
    evaluation: Samples

    def few(self) -> SampleSplit:
        """Return the parts of a draft: of each an even share."""
        return SampleSplit(
            calibration=_spread(self.calibration, DRAFT_CALIBRATION),
            selection=_spread(self.selection, DRAFT_SELECTION),
            evaluation=_spread(self.evaluation, DRAFT_EVALUATION),
        )


def _spread(samples: Samples, most: int) -> Samples:
    count = min(most, len(samples))
    return replace(samples, items=tuple(samples.items[i * len(samples) // count] for i in range(count)))


def stratified(inputs: Iterable[Inputs], count: int) -> list[Inputs]:
    """Pick inputs evenly from the smallest to the largest, both included; a single one is the middle.

    Args:
        inputs: At least one.
        count: How many to return where there are as many; at least 1.
    """
    ordered = sorted(inputs, key=lambda arrays: sum(array.size for array in arrays.values()))
    last, gaps = len(ordered) - 1, min(count, len(ordered)) - 1
    if gaps == 0:
        return [ordered[last // 2]]
    return [ordered[round(i * last / gaps)] for i in range(gaps + 1)]


def as_samples(samples: Iterable[Sample]) -> Samples:
    """Return samples as one, checked against the first.

    Raises:
        SampleError: Fewer than three samples; names, dtypes or ranks that differ.
    """
    items = tuple(replace(sample, number=i) for i, sample in enumerate(samples))
    if len(items) < LEAST_SAMPLES:
        raise SampleError(
            f"samples: {len(items)} found, at least {LEAST_SAMPLES} expected (some calibrate, some select, "
            "others evaluate); yield a few hundred real inputs"
        )
    for i, item in enumerate(items):
        check_alike(i, item.inputs, items[0].inputs)
    return Samples(items)


def input_array(index: int, name: str, value: object) -> NDArray[np.generic]:
    """Return one input of one sample as an array.

    Raises:
        SampleError: It is no dense tensor of bool, integer or float32; it is empty, or holds a NaN or an
            infinity, but for the minus infinity of a mask.
    """
    location = f"sample {index}, input {name!r}"
    if isinstance(value, torch.Tensor):
        if value.dtype == torch.bfloat16:
            raise SampleError(f"{location}: bfloat16 found, float32 expected; convert it with .float()")
        try:
            value = value.detach().cpu().numpy()
        except TypeError as error:  # sparse
            raise SampleError(
                f"{location}: {error}; expected a dense bool, integer or float32 tensor"
            ) from error
    if not isinstance(value, np.ndarray):
        raise SampleError(f"{location}: {type(value).__name__} found, a tensor or numpy array expected")
    if value.dtype == np.float64:
        raise SampleError(f"{location}: float64 found, float32 expected; convert it with .astype('float32')")
    if value.dtype.kind not in "biuf":
        raise SampleError(f"{location}: dtype {value.dtype} found; expected bool, integer or float")
    if value.size == 0:
        raise SampleError(f"{location}: dims {value.shape} hold nothing; leave such samples out")
    if value.dtype.kind == "f" and np.isnan(value).any():
        raise SampleError(f"{location}: holds a NaN; leave such samples out or mend them")
    if value.dtype.kind == "f" and np.isposinf(value).any():  # minus infinity is how a mask hides
        raise SampleError(f"{location}: holds an infinity; leave such samples out or mend them")
    return value


def check_alike(index: int, inputs: Inputs, first: Inputs) -> None:
    """Check that the sample of a place has the names, dtypes and ranks of the first one.

    Raises:
        SampleError: It has others.
    """
    for name in inputs.keys() ^ first.keys():
        mismatch = "a tensor found, nothing" if name in inputs else "nothing found, a tensor"
        raise SampleError(
            f"sample {index}, input {name!r}: {mismatch} expected as in sample 0; give it in all samples or "
            "none"
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
