"""Whether a module takes more rows at once than its samples have: else its batch is a number."""

from __future__ import annotations

import numpy as np

from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.trials import sizes_seen
from edgeattn_runtime.errors import ModelError


def stackable(reference: Reference, samples: Samples, axes: Axes) -> tuple[Axes, tuple[str, ...]]:
    """Return the axes with the batch as a number where the module takes one alone, and a note of it.

    Args:
        reference: The module.
        samples: Real inputs; where their batches differ, the module takes several.
        axes: With the batch dynamic.

    Raises:
        CaptureError: Its answer to more rows has another form.
    """
    seen = sizes_seen(samples, axes).get(axes.batch or "", ())
    if axes.batch is None or len(seen) != 1:
        return axes, ()
    twice = {
        name: np.concatenate((value, value)) if axes.batch in axes.dims[name] else value
        for name, value in samples[0].inputs.items()
    }
    try:
        reference(twice)
    except ModelError as error:
        fixed = {
            name: tuple(seen[0] if dim == axes.batch else dim for dim in dims)
            for name, dims in axes.dims.items()
        }
        return Axes(fixed), (f"{axes.batch} is {seen[0]}, as the module takes no other ({error}).",)
    return axes, ()
