"""How near int8's attention maps come to the original's: rows of both are compared as distributions."""

from __future__ import annotations

import numpy as np

from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.models import FloatModel
from edgeattn.judge.output_metrics.attention import total_variation
from edgeattn.results.attention import AttentionMap
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.recover.attention_maps import attention_maps

MOST_SAMPLES = 32  # samples that are answered once more for it


def mapped_attention(model: FloatModel, evaluation: Evaluation) -> tuple[AttentionMap, ...]:
    """Return a model's attention maps, measured on evaluation samples.

    Raises:
        ModelError: The original failed.
    """
    modules = attention_maps(model.recovered.model)
    if not modules:
        return ()
    every = [sample.inputs for sample in evaluation.samples]
    distances: dict[str, list[float]] = {name: [] for name in modules}
    for inputs in stratified(every, min(len(every), MOST_SAMPLES)):
        answers = model.captured.reference(inputs), evaluation.int8(inputs)
        for name in modules:
            distances[name].append(_mean_distance(model, inputs, name, answers))
    return tuple(
        AttentionMap(name, modules[name], float(np.mean(each)), max(each)) for name, each in distances.items()
    )


def _mean_distance(model: FloatModel, inputs: Inputs, name: str, answers: tuple[Outputs, Outputs]) -> float:
    """Return the mean over the queries that count and see a key; 0 where there is none."""
    padded = model.comparison.padded
    (tensor,) = (each for each in padded.graph.outputs if each.name == name)
    rows = total_variation(*(answer[name] for answer in answers))  # (B, [H,] S)
    counted = np.asarray(padded.counted(inputs, tensor, rows), np.float64)
    seen = counted[~np.isnan(counted)]
    return float(seen.mean()) if seen.size else 0.0
