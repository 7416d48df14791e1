"""Whether a module takes more rows at once than its samples have: else its batch is a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.shapes import shaped
from edgeattn_export.graph.trials import sizes_seen
from edgeattn_runtime.errors import ModelError


def stackable(reference: Reference, samples: Samples, axes: Axes) -> tuple[Axes, tuple[str, ...]]:
    """Return the axes without a batch where the module takes none but the samples' own, and a note of it.

    Where all samples have as many rows, that becomes a number; else the symbol stays, as a packed one.

    Args:
        reference: The module.
        samples: Real inputs.
        axes: With the batch dynamic.

    Raises:
        CaptureError: Its answer to more rows has another form.
    """
    if axes.batch is None:
        return axes, ()
    seen = sizes_seen(samples, axes)[axes.batch]
    try:
        reference(_more_rows(samples, axes, axes.batch, seen))
    except ModelError as error:
        if len(seen) > 1:
            note = f"{axes.batch} follows from other inputs: rows cannot be stacked along it ({error})."
            packed, notes = stackable(reference, samples, replace(axes, packed=axes.packed | {axes.batch}))
            return packed, (note, *notes)
        fixed = {
            name: tuple(seen[0] if dim == axes.batch else dim for dim in dims)
            for name, dims in axes.dims.items()
        }
        return Axes(fixed), (f"{axes.batch} is {seen[0]}, as the module takes no other ({error}).",)
    return axes, ()


def _more_rows(samples: Samples, axes: Axes, batch: str, seen: Sequence[int]) -> Inputs:
    """Return the first sample's rows twice, or as many rows as no sample has where their numbers differ."""
    if len(seen) > 1:
        return shaped(samples, axes, {batch: next(n for n in count(2) if n not in seen)})
    return {
        name: np.concatenate((value, value)) if batch in axes.dims[name] else value
        for name, value in samples[0].inputs.items()
    }
