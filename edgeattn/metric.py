"""The owner's metric, written for the module's own outputs, put to any rival's arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from edgeattn.rivals import Arrays
from edgeattn_export.reference import Reference
from edgeattn_export.samples import Inputs
from edgeattn_runtime.errors import ModelError

Metric = Callable[[Any, Any], float]  # of the module's outputs and a sample's target; higher is better


class MetricOfArrays:
    """A metric that takes outputs as arrays by name and hands them on as the module would."""

    def __init__(self, metric: Metric, reference: Reference, inputs: Inputs) -> None:
        self._metric = metric
        self._pattern = reference.bind(inputs)()  # what the module's outputs look like

    def __call__(self, outputs: Arrays, target: object) -> float:
        """Return the metric of one sample.

        Raises:
            ModelError: The owner's function raised, or returned something else than a finite number.
        """
        try:
            value = float(self._metric(_like(self._pattern, outputs), target))
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"metric(outputs, target) failed: {type(error).__name__}: {reason}") from error
        if not math.isfinite(value):
            raise ModelError(f"metric(outputs, target) returned {value}; expected a finite number")
        return value


def _like(pattern: object, outputs: Arrays) -> object:
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in outputs.items()}
    match pattern:
        case torch.Tensor():
            return next(iter(tensors.values()))
        case Mapping():  # a dict, or a transformers ModelOutput, which is read by attribute
            return type(pattern)(**tensors)
        case _:
            return tuple(tensors.values())
