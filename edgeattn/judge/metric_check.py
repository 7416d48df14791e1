"""Whether metrics can resolve what is asked of them: seen before a search is spent on it."""

from __future__ import annotations

import math

from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.figures import RIGHT_OR_WRONG
from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.output_metrics import Asked
from edgeattn.judge.statistics import count_for
from edgeattn.results.check import EVALUATION_SHARE
from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.errors import BudgetError


def check_metric(comparison: Comparison, evaluation: Samples, limits: Budget) -> None:
    """Try a user's metric on answers of the original, and refuse a limit that too few samples judge.

    A metric that says no more of a sample than right or wrong moves by 1 / n when one of n samples changes:
    it cannot tell a smaller drop from none. A limit of 0, which no number of samples shows, is left to the
    verdict.

    Args:
        comparison: With the original, and the metric; nothing is asked where there is none.
        evaluation: Samples that choose nothing.
        limits: The budget.

    Raises:
        ModelError: The metric fails, or returns something else than a finite number.
        BudgetError: A limit on its drop is below what these samples can show, or they are too few
            for another metric.
    """
    check_count(comparison.asked, len(evaluation))
    metric, original = comparison.metric, comparison.captured.reference
    if metric is None:
        return
    on_arrays = MetricOfArrays(metric, comparison.captured, evaluation[0].inputs)
    values = (on_arrays(original(sample.inputs), sample) for sample in evaluation)
    is_right_or_wrong = next(values) in RIGHT_OR_WRONG
    limit, count = limits.limits.get("metric_drop", 0.0), len(evaluation)
    if not 0 < limit < 1 / count or not is_right_or_wrong:
        return
    if all(value in RIGHT_OR_WRONG for value in values):
        needed = count_for(1 - limit)
        raise BudgetError(
            f"budget metric_drop: {limit:g} cannot be resolved: a 0/1 metric on {count} samples moves in "
            f"steps of 1/{count}; at least {needed} evaluation samples expected: yield "
            f"{math.ceil(needed / EVALUATION_SHARE)} samples or more, or ask for less"
        )


def check_count(asked: Asked, evaluation: int) -> None:
    """Refuse a metric that says nothing among so few evaluation samples.

    Raises:
        BudgetError: One of ``asked`` needs more of them.
    """
    for metric, _ in asked:
        if evaluation < metric.least:
            raise BudgetError(
                f"budget {metric.name}: {evaluation} evaluation samples found, at least {metric.least} "
                f"expected; yield {math.ceil(metric.least / EVALUATION_SHARE)} samples or more"
            )
