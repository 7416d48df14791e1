"""Real inputs of an ONNX file, as an .npz file holds them -> samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Sample, Samples, alike, array_of
from edgeattn_runtime.errors import SampleError
from edgeattn_runtime.npz import read_npz as read_arrays

_NUMBERED = re.compile(r"(\d+)\.(.+)")


def read_npz(path: Path) -> Samples:
    """Read samples from an .npz file: arrays ``0.tokens``, ``1.tokens``..., or one stack of samples a name.

    Raises:
        BadInput: No such file, or not an .npz.
        SampleError: Names that are neither, or arrays that are no samples.
    """
    arrays = read_arrays(path)
    numbered = any(map(_NUMBERED.fullmatch, arrays))
    return alike(_numbered(arrays) if numbered else _stacked(arrays))


def _numbered(arrays: Mapping[str, NDArray[np.generic]]) -> Iterator[Sample]:
    samples: dict[int, dict[str, NDArray[np.generic]]] = {}
    for key, value in arrays.items():
        found = _NUMBERED.fullmatch(key)
        if found is None:
            raise SampleError(f"array {key!r}: expected SAMPLE.INPUT as the others, such as '0.tokens'")
        samples.setdefault(int(found[1]), {})[found[2]] = array_of(int(found[1]), found[2], value)
    for _, inputs in sorted(samples.items()):
        yield Sample(inputs)


def _stacked(arrays: Mapping[str, NDArray[np.generic]]) -> Iterator[Sample]:
    counts = {len(value) if value.ndim else 0 for value in arrays.values()}
    if len(counts) != 1:
        raise SampleError(f"arrays of {sorted(counts)} samples; expected as many of every input")
    for i in range(counts.pop()):
        yield Sample({name: array_of(i, name, value[i : i + 1]) for name, value in arrays.items()})
