"""Whether the owner's metric can judge what is asked of it: seen before a search is spent on it."""

from __future__ import annotations

import math

from edgeattn.judge.budget import Budget
from edgeattn.judge.metric import Metric, MetricOfArrays
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import JUDGED_SHARE, Samples
from edgeattn_runtime.errors import BudgetError

RIGHT_OR_WRONG = (0.0, 1.0)


def check_metric(metric: Metric, original: Runner, judged: Samples, limits: Budget) -> None:
    """Try a metric on answers of the original, and refuse a limit that too few samples judge.

    A metric that says no more of a sample than right or wrong moves by 1 / n when one of n samples changes:
    it cannot tell a smaller drop from none. To ask for none at all, a limit of 0, needs no more samples.

    Args:
        metric: The owner's.
        original: The model as it was handed over.
        judged: Samples that calibrate nothing.
        limits: The budget.

    Raises:
        ModelError: The metric fails, or returns something else than a finite number.
        BudgetError: A limit on its drop is below what these samples can show.
    """
    on_arrays = MetricOfArrays(metric, original, judged[0].inputs)
    values = (on_arrays(original(sample.inputs), sample.target) for sample in judged)
    is_right_or_wrong = next(values) in RIGHT_OR_WRONG
    limit, count = limits.limits.get("metric_drop", 0.0), len(judged)
    if not 0 < limit < 1 / count or not is_right_or_wrong:
        return
    if all(value in RIGHT_OR_WRONG for value in values):
        needed = math.ceil(1 / limit)
        raise BudgetError(
            f"budget metric_drop: {limit:g} asked of a metric that is 0 or 1 for each sample, and {count} "
            f"samples judge, whose mean moves by {1 / count:.2g}; expected at least {needed} that judge: "
            f"yield {math.ceil(needed / JUDGED_SHARE)} samples or more, or ask for less"
        )
