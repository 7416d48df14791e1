"""A partition: a few samples of a stream, packed on the host and unpacked by the worker that scores them.

Dask, whose scheduler may run in the host's process, reads and writes again whatever a task holds; bytes it
hands on. A small tensor takes PyTorch's own pickling tenths of a millisecond, and the storage that it is a
view of goes with it: a label of a hundred thousand takes all others along. As an array it is its own numbers.
"""

from __future__ import annotations

import io
from collections import ChainMap
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import cloudpickle
import numpy as np
import torch
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Sample

MOST_SAMPLES = 64  # in a partition, at most
MOST_BYTES = 4 * 2**20  # of their inputs, about: Dask warns of larger tasks

Partition = tuple[Sample, ...]
PROTOCOL = 5


def cut(samples: Iterable[Sample], count: int = MOST_SAMPLES) -> Iterator[Partition]:
    """Yield samples in partitions, in their order, each read when it is asked for.

    Args:
        samples: May be a stream.
        count: How many a partition has at most; fewer where they are large, and at least one.
    """
    partition: list[Sample] = []
    size = 0
    for sample in samples:
        partition.append(sample)
        size += sum(value.nbytes for value in sample.inputs.values())
        if len(partition) == count or size >= MOST_BYTES:
            yield tuple(partition)
            partition, size = [], 0
    if partition:
        yield tuple(partition)


def pack(partition: Partition) -> bytes:
    """Return a partition as bytes, its targets with it, whatever the user's file makes them of."""
    content = io.BytesIO()
    _Packer(content, PROTOCOL).dump(partition)
    return content.getvalue()


def unpack(content: bytes) -> Partition:
    """Return the partition; classes of the user's file are found where that has been loaded."""
    partition: Partition = cloudpickle.loads(content)
    return partition


def _reduced(tensor: torch.Tensor) -> Any:
    """Return what makes a tensor again: its array, or what PyTorch itself pickles where numpy has no such."""
    array = _array(tensor)
    return tensor.__reduce_ex__(PROTOCOL) if array is None else (torch.from_numpy, (array,))  # type: ignore[no-untyped-call]


def _array(tensor: torch.Tensor) -> NDArray[np.generic] | None:
    if not tensor.is_contiguous() or tensor.__dict__:
        return None
    try:
        return tensor.numpy()
    except (TypeError, RuntimeError):  # bfloat16, sparse, on another device, or with a gradient
        return None


class _Packer(cloudpickle.Pickler):  # type: ignore[misc]
    dispatch_table: ClassVar = ChainMap({torch.Tensor: _reduced}, cloudpickle.Pickler.dispatch_table)
