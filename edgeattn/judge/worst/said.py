"""What an answer says to a person: by the model's own ``pretty``, its labels, or its numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.worst.drawn import numbers
from edgeattn.judge.worst.seen import printable
from edgeattn.source.module import Pretty
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_runtime.errors import ModelError

LABELS = 3  # that are named


def told(name: str, show: Pretty, outputs: object) -> str:
    """Return what a model's ``pretty``, or another function of such a name, makes of its outputs.

    Raises:
        ModelError: It failed.
    """
    try:
        return str(show(outputs))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}(outputs) failed: {type(error).__name__}: {reason}") from error


def said(outputs: Mapping[str, NDArray[np.generic]], own: OwnProcessing | None) -> str:
    """Return the likeliest labels of a first row, or the first numbers of the first output."""
    labels = None if own is None else own.processing.labels
    if labels is not None and labels.output in outputs:
        first, *_ = labels.read({labels.output: outputs[labels.output][:1]})
        return printable(", ".join(f"{label.name} {label.value:.3g}" for label in first[:LABELS]))
    name, array = next(iter(outputs.items()))
    return f"{name}: {numbers(array)}"
