"""edgeattn run --attention: prints which token looks at which, of a model that returns its attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.model import Model


def maps_of(model: Model, head: int | None) -> Sequence[str]:
    """Return the outputs that are attention maps, as the bundle's report names them.

    Args:
        model: The bundle.
        head: Which head is asked for; None asks for the mean.

    Raises:
        BadInput: There is none, or none with such a head.
        BundleError: The bundle holds no report.
    """
    from edgeattn.results.bundle import read_report

    named = {it.output for it in read_report(model.files).attention_maps}
    maps = [output for output in model.outputs if output.name in named]
    if not maps:
        outputs = ", ".join(str(output) for output in model.outputs)
        raise BadInput(
            f"{model.name}: no output is an attention map, one expected by --attention ({outputs} found); "
            "return a layer's weights (batch, heads, sequence, sequence) from the model, and export it again"
        )
    heads = {output.name: output.dims[1] if len(output.dims) == 4 else 1 for output in maps}
    for name, count in heads.items():
        if head is not None and isinstance(count, int) and head >= count:
            raise BadInput(
                f"--head {head}: output {name!r} has {count} found, one from 0 to {count - 1} expected"
            )
    return [output.name for output in maps]


def show_attention(
    model: Model, inputs: Arrays, outputs: Arrays, maps: Sequence[str], head: int | None
) -> None:
    """Print the maps of a call's first row, the mean over heads or one of them."""
    from edgeattn.report.attention_table import attention_parts
    from edgeattn.report.console import LegibleConsole
    from edgeattn.report.table import INDENT, show
    from edgeattn.report.token_labels import token_labels

    width = LegibleConsole().width - INDENT[-1]
    for name in maps:
        weights, words = _weights(outputs[name], head)
        queries, keys = (
            token_labels(model.manifest.processing, model.files.path, inputs, size) for size in weights.shape
        )
        title = f"{name}, {words}: where each token (a row) looks, in %"
        show(attention_parts(title, weights, queries, keys, width=width))


def _weights(attention: NDArray[np.generic], head: int | None) -> tuple[NDArray[np.float64], str]:
    """Return the first row's map (queries, keys), and what it is of the heads."""
    first = np.asarray(attention[0], np.float64)
    if first.ndim == 2:
        return first, "as the model returns it"
    return (
        (first.mean(axis=0), f"mean of {len(first)} heads") if head is None else (first[head], f"head {head}")
    )
