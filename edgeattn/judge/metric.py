"""A user's metric, written for the module's own outputs, put to any runner's arrays."""

from __future__ import annotations

import math
import traceback
from pathlib import Path

from edgeattn.source.outputs import like
from edgeattn.source.source import Metric
from edgeattn_export.capture import Captured
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Inputs, Sample
from edgeattn_runtime.errors import ModelError


class MetricOfArrays:
    """A metric that takes outputs as arrays by name and hands them on as the module would.

    Args:
        metric: The user's.
        captured: Of the module, which is called once.
        inputs: That it is called with.
    """

    def __init__(self, metric: Metric, captured: Captured, inputs: Inputs) -> None:
        self._metric, self._passed = metric, captured.passed
        self._original = captured.reference.bind(inputs)()

    def __call__(self, outputs: Outputs, sample: Sample) -> float:
        """Return the metric of one sample, which an error names.

        Raises:
            ModelError: The user's function raised, or returned something else than a finite number.
        """
        where = f"sample {sample.number}: metric(outputs, target)"
        try:
            passed = {name: sample.inputs[given] for name, given in self._passed.items()}
            value = float(self._metric(like(self._original, {**passed, **outputs}), sample.target))
        except Exception as error:
            raise ModelError(f"{where} failed{_failure(error, sample.target)}") from error
        if not math.isfinite(value):
            raise ModelError(f"{where} returned {value}; expected a finite number")
        return value


def _failure(error: Exception, target: object) -> str:
    """Say where a metric failed, in which line of the user's, and how."""
    theirs = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is ours
    last = next((frame for frame in reversed(theirs) if frame.filename == theirs[0].filename), None)
    place = f" at {Path(last.filename).name}, line {last.lineno}" if last else ""
    untold = "" if target is not None else "; the samples came without targets: yield (inputs, target) pairs"
    return f"{place}: {type(error).__name__}: {' '.join(str(error).split())}{untold}"
