"""Golden vectors of a size that an app can ship: excerpts of large outputs, small inputs, pooled spreads.

A fault of a graph moves most numbers of an output, so that some thousand of them show it: of each vector
along the last axis the largest number, by which an app decides, and others drawn by a seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.bundle.golden import Excerpt, Sample

MOST_NUMBERS = 8192  # of one sample's outputs, evenly; 64 KB with their places
MOST_BYTES = 2**18  # of one sample's inputs, where some sample has no more
MOST_UNITS = 2**16  # of an output's spread; 256 KB
_DIGITS = 9  # of a mean logarithm: what is left of equal ones summed in another order


def excerpted(sample: Sample) -> Sample:
    """Return a sample with at most ``MOST_NUMBERS`` of its outputs; one of few numbers stays whole."""
    most = MOST_NUMBERS // max(len(sample.outputs), 1)
    excerpts: Mapping[str, Excerpt] = {
        name: Excerpt(array.shape, _places(array, most))
        for name, array in sample.outputs.items()
        if array.size > 2 * most  # a number and its place take twice as much
    }
    outputs = {
        name: excerpts[name].of(array) if name in excerpts else array
        for name, array in sample.outputs.items()
    }
    return replace(sample, outputs=outputs, excerpts=excerpts)


def small_inputs(inputs: Sequence[Inputs], count: int) -> list[Inputs]:
    """Return the inputs of at most ``MOST_BYTES``, and the smallest of the others where these are too few.

    Args:
        inputs: Real inputs.
        count: How many are needed, where there are as many.
    """
    ordered = sorted(inputs, key=_bytes)
    return [each for i, each in enumerate(ordered) if i < count or _bytes(each) <= MOST_BYTES]


def pooled(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a spread of at most ``MOST_UNITS`` numbers, which broadcasts to the one given.

    While there are more, the axis along which the units vary least is pooled to length 1 by their root mean
    square: the axis whose pooling raises the mean logarithm of the units least, which is by 0 where they are
    equal along it. Of several such axes it is the first.

    Args:
        units: Above 0, an axis for each of the output's fixed trailing dims.
    """
    while units.size > MOST_UNITS:
        axes = (axis for axis, length in enumerate(units.shape) if length > 1)
        roots = [np.sqrt(np.square(units).mean(axis, keepdims=True)) for axis in axes]
        units = min(roots, key=lambda each: round(float(np.log(each).mean()), _DIGITS))
    return units


def _bytes(inputs: Inputs) -> int:
    return sum(array.nbytes for array in inputs.values())


def _places(array: NDArray[Any], most: int) -> NDArray[np.int64]:
    vectors = array.reshape(-1, array.shape[-1])
    count, width = vectors.shape
    rows = np.arange(0, count, math.ceil(count / (most // 2)))
    largest = rows * width + vectors[rows].argmax(-1)
    drawn = np.random.default_rng(0).choice(array.size, most - largest.size, replace=False)
    return np.union1d(largest, drawn).astype(np.int64)
