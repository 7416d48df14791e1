"""Outputs by name, put back into the form that a module's own outputs have."""

from __future__ import annotations

import copy

import numpy as np
import torch

from edgeattn_export.capture.original.answer import output_tensors
from edgeattn_export.graph.output_kinds import Outputs


def refilled(original: object, arrays: Outputs) -> object:
    """Return a copy of ``original`` that holds ``arrays`` in the place of its tensors.

    What is no tensor stays as it is. A tensor that is missing, such as a cache's, becomes None, and is never
    the original's.

    Args:
        original: What the module returned for some inputs.
        arrays: Outputs by name, see ``edgeattn_export.capture.original.answer``.
    """
    replaced: dict[int, object] = {}  # by identity, as copy.deepcopy notes what it has copied
    names = output_tensors(original)
    renamed = output_tensors(original, inputs=names)
    for name, tensor in (renamed | names).items():
        if name in arrays:
            replaced[id(tensor)] = torch.from_numpy(np.array(arrays[name], order="C"))
        else:
            replaced.setdefault(id(tensor), None)
    return copy.deepcopy(original, replaced)
