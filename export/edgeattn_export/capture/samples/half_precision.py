"""Samples of a module in half precision, as its copy in float32 takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from edgeattn_export.capture.original.plain_module import HALF
from edgeattn_export.graph.tree import Path, leaves, map_leaves


@dataclass(frozen=True, slots=True)
class FloatSamples(Iterable[object]):
    """Samples one by one, their tensors and arrays in half precision as float32.

    Attributes:
        samples: As ``read_samples`` takes them; read anew by each iteration.
    """

    samples: Iterable[object]

    def __iter__(self) -> Iterator[object]:
        """Convert each sample that holds any; the others stay the objects that they are."""
        for sample in self.samples:
            converts = any(_is_half(leaf) for _, leaf in leaves(sample))
            yield map_leaves(sample, _in_float32) if converts else sample


def _in_float32(_: Path, leaf: object) -> object:
    if not _is_half(leaf):
        return leaf
    return leaf.float() if isinstance(leaf, torch.Tensor) else np.asarray(leaf, np.float32)


def _is_half(leaf: object) -> bool:
    if isinstance(leaf, torch.Tensor):
        return leaf.dtype in HALF
    return isinstance(leaf, np.ndarray) and leaf.dtype == np.float16
