"""A user's metric: put to any runner's arrays, and tried before a search whether it can show its limit."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from pathlib import Path

from edgeattn.judge.figures import RIGHT_OR_WRONG
from edgeattn.judge.statistics import count_for
from edgeattn.results.check import EVALUATION_SHARE
from edgeattn.source.module import Metric
from edgeattn.source.outputs import refilled
from edgeattn_export.capture import Captured
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs, Sample, Samples
from edgeattn_runtime.errors import BudgetError, ModelError


class MetricOfArrays:
    """A metric that takes outputs as arrays by name and hands them on as the module would.

    The module is called once, with ``inputs``, for the form of its outputs.
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
            passed = {name: sample.inputs[input_name] for name, input_name in self._passed.items()}
            value = float(self._metric(refilled(self._original, {**passed, **outputs}), sample.target))
        except Exception as error:
            raise ModelError(f"{where} failed{_failure(error, sample.target)}") from error
        if not math.isfinite(value):
            raise ModelError(f"{where} returned {value}; expected a finite number")
        return value


def check_metric(
    metric: Metric, captured: Captured, evaluation: Samples, limits: Mapping[str, float]
) -> None:
    """Try a user's metric on answers of the original, and refuse a limit that too few samples judge.

    A metric that says no more of a sample than right or wrong moves by 1 / n when one of n samples changes:
    it cannot resolve a smaller drop. A limit of 0, which no number of samples shows, is left to the
    verdict.

    Raises:
        ModelError: The metric fails, or returns something else than a finite number.
        BudgetError: A limit on its drop is below what these samples can show.
    """
    on_arrays = MetricOfArrays(metric, captured, evaluation[0].inputs)
    values = (on_arrays(captured.reference(sample.inputs), sample) for sample in evaluation)
    is_right_or_wrong = next(values) in RIGHT_OR_WRONG
    limit, count = limits.get("metric_drop", 0.0), len(evaluation)
    if not 0 < limit < 1 / count or not is_right_or_wrong:
        return
    if all(value in RIGHT_OR_WRONG for value in values):
        needed = count_for(1 - limit)
        raise BudgetError(
            f"budget metric_drop: {limit:g} cannot be resolved: a 0/1 metric on {count} samples moves in "
            f"steps of 1/{count}; at least {needed} evaluation samples expected: yield "
            f"{math.ceil(needed / EVALUATION_SHARE)} samples or more, or ask for less"
        )


def _failure(error: Exception, target: object) -> str:
    """Say where a metric failed, in which line of the user's, and how."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is ours
    last = next((frame for frame in reversed(frames) if frame.filename == frames[0].filename), None)
    place = f" at {Path(last.filename).name}, line {last.lineno}" if last else ""
    hint = "" if target is not None else "; the samples came without targets: yield (inputs, target) pairs"
    return f"{place}: {type(error).__name__}: {' '.join(str(error).split())}{hint}"
