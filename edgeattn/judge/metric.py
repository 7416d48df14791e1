"""A user's metric, written for the module's own outputs, put to any runner's arrays."""

from __future__ import annotations

import math
import traceback
from pathlib import Path

from edgeattn.source.metric import Metric
from edgeattn.source.outputs import like
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import ModelError


class MetricOfArrays:
    """A metric that takes outputs as arrays by name and hands them on as the module would."""

    def __init__(self, metric: Metric, reference: Runner, inputs: Inputs) -> None:
        self._metric = metric
        self._inputs, self._original = inputs, reference.bind(inputs)()

    def __call__(self, outputs: Outputs, target: object) -> float:
        """Return the metric of one sample.

        Raises:
            ModelError: The user's function raised, or returned something else than a finite number.
        """
        try:
            value = float(self._metric(like(self._original, outputs, self._inputs), target))
        except Exception as error:
            raise ModelError(f"metric(outputs, target) failed{_told(error, target)}") from error
        if not math.isfinite(value):
            raise ModelError(f"metric(outputs, target) returned {value}; expected a finite number")
        return value


def _told(error: Exception, target: object) -> str:
    """Say where a metric failed, in which line of the user's, and how."""
    theirs = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is ours
    last = next((frame for frame in reversed(theirs) if frame.filename == theirs[0].filename), None)
    place = f" at {Path(last.filename).name}, line {last.lineno}" if last else ""
    untold = "" if target is not None else "; the samples came without targets: yield (inputs, target) pairs"
    return f"{place}: {type(error).__name__}: {' '.join(str(error).split())}{untold}"
