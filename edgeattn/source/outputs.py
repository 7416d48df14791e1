"""Outputs by name, put back into the form that a module's own outputs have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from edgeattn_export.graph.agreement import Outputs


def like(original: object, arrays: Outputs) -> object:
    """Return ``arrays`` as a tensor, a tuple or a dict of tensors, as ``original`` is.

    Args:
        original: What the module returned for some inputs.
        arrays: Outputs by name, in the order of ``original``.
    """
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    match original:
        case torch.Tensor():
            return next(iter(tensors.values()))
        case Mapping():  # a dict, or a transformers ModelOutput, which is read by attribute
            return type(original)(**tensors)
        case _:
            return tuple(tensors.values())
