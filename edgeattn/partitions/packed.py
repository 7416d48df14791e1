"""A partition as bytes: packed once on the host, and read by the worker that compares it.

Dask, whose scheduler may run in the host's process, reads and writes again whatever a task holds; bytes it
hands on. A small tensor takes PyTorch's own pickling tenths of a millisecond, and the storage that it is a
view of goes with it: a label of a hundred thousand takes all others along. As an array it is its own numbers.
"""

from __future__ import annotations

import io
from collections import ChainMap
from typing import Any, ClassVar

import cloudpickle
import numpy as np
import torch
from numpy.typing import NDArray

from edgeattn.partitions.cut import Partition

PROTOCOL = 5


def packed(partition: Partition) -> bytes:
    """Return a partition as bytes, its targets with it, whatever the user's file makes them of."""
    content = io.BytesIO()
    _Packer(content, PROTOCOL).dump(partition)
    return content.getvalue()


def unpacked(content: bytes) -> Partition:
    """Return the partition; classes of the user's file are found where that has been loaded."""
    found: Partition = cloudpickle.loads(content)
    return found


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
