"""Outputs by name, put back into the form that a module's own outputs have."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from edgeattn_export.capture.answer import tensors_of
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Inputs


def like(original: object, arrays: Outputs, inputs: Inputs) -> object:
    """Return a copy of ``original`` that holds ``arrays`` in the place of its tensors.

    What is no tensor stays as it is, as does a tensor that is an input. Any other that is missing, such as a
    cache's, becomes None: it would be the original's.

    Args:
        original: What the module returned for ``inputs``.
        arrays: Outputs by name, see ``edgeattn_export.capture.answer``.
        inputs: What the module was given.
    """
    given = [_tensor(array) for array in inputs.values()]
    replaced: dict[int, object] = {}  # by identity, as copy.deepcopy notes what it has copied
    for name, tensor in tensors_of(original).items():
        if name in arrays:
            replaced[id(tensor)] = _tensor(arrays[name])
        else:
            replaced.setdefault(id(tensor), next((x for x in given if _same(x, tensor)), None))
    return copy.deepcopy(original, replaced)


def _tensor(array: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.array(array, order="C"))


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.dtype == b.dtype and torch.equal(a, b)
