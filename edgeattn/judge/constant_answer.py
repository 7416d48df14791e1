"""Whether a metric says anything: an original that is no better than a constant answer cannot get worse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.metric import MetricOfArrays
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs, Sample
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_export.graph.spread import channel_dims
from edgeattn_runtime.errors import ModelError

TRIED_SAMPLES = 64


def metric_notes(
    comparison: Comparison, samples: Sequence[Sample], original: Sequence[float]
) -> tuple[str, ...]:
    """Return a line where the original's metric is no better than its mean answer's."""
    tried = samples[:TRIED_SAMPLES]
    constant = _constant_metric(comparison, tried) if original else None
    if constant is None or (own := float(np.mean(original[: len(tried)]))) > constant:
        return ()
    return (
        f"The original's own metric, {own:.4f}, is no better than a constant answer's, {constant:.4f}, "
        f"on {len(tried)} evaluation samples: are the labels and the tokenizer the model's own?",
    )


def _constant_metric(comparison: Comparison, samples: Sequence[Sample]) -> float | None:
    """Return the metric of the mean answer; None where it takes none, or where a size is unknown."""
    if comparison.metric is None:
        return None
    metric = MetricOfArrays(comparison.metric, comparison.captured, samples[0].inputs)
    values: list[float] = []
    for sample in samples:
        answer = _mean_answer(comparison, sample.inputs)
        if answer is None:
            return None
        try:
            values.append(metric(answer, sample))
        except ModelError:
            return None
    return float(np.mean(values))


def _mean_answer(comparison: Comparison, inputs: Inputs) -> Outputs | None:
    sizes = sizes_of(inputs, comparison.captured.axes)
    answer = {}
    for tensor in comparison.captured.graph.outputs:
        shape = tuple(sizes.get(dim, 0) if isinstance(dim, str) else dim for dim in tensor.dims)
        places, mean = channel_dims(tensor.dims), comparison.spreads[tensor.name].mean
        if 0 in shape or mean.size != int(np.prod(places)):
            return None
        answer[tensor.name] = np.broadcast_to(mean.reshape(places), shape).astype(tensor.dtype)
    return answer
