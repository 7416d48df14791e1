"""Golden vectors of a size that an app can ship: large outputs as excerpts, and large inputs left out.

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


def _bytes(inputs: Inputs) -> int:
    return sum(array.nbytes for array in inputs.values())


def _places(array: NDArray[Any], most: int) -> NDArray[np.int64]:
    vectors = array.reshape(-1, array.shape[-1])
    count, width = vectors.shape
    rows = np.arange(0, count, math.ceil(count / (most // 2)))
    largest = rows * width + vectors[rows].argmax(-1)
    drawn = np.random.default_rng(0).choice(array.size, most - largest.size, replace=False)
    return np.union1d(largest, drawn).astype(np.int64)
