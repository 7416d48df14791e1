"""The golden vectors that a bundle carries: real inputs, PyTorch's outputs, and how near int8 must come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn.rivals import INT8, PYTORCH, Rival
from edgeattn.spread import spread
from edgeattn_export.samples import Samples
from edgeattn_runtime.golden import Sample, replay

COUNT = 4  # from the smallest judged sample to the largest
LOSS_ALLOWED = 2.0  # times the loss seen here: another CPU sums in another order, or saturates
LEAST_LOSS = 1e-3  # of cosine, allowed in any case


@dataclass(frozen=True, slots=True)
class Vectors:
    """Samples as PyTorch answered them, and the cosine that every output must reach on any device."""

    samples: tuple[Sample, ...]
    tolerance: float


def golden_vectors(rivals: Mapping[str, Rival], judged: Samples) -> Vectors:
    """Choose golden vectors among the judged samples, and the tolerance that int8 is accepted at.

    Args:
        rivals: PyTorch and int8, by the names of ``edgeattn.rivals``.
        judged: Real samples.
    """
    inputs = spread((sample.inputs for sample in judged), COUNT)
    samples = tuple(Sample(arrays, rivals[PYTORCH](arrays)) for arrays in inputs)
    results = replay(lambda **arrays: rivals[INT8](arrays), samples, tolerance=0.0)
    loss = max(1 - result.cosine for result in results)
    return Vectors(samples, round(1 - max(LOSS_ALLOWED * loss, LEAST_LOSS), 6))
