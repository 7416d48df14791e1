"""What a person looks at beside the figures: the worst samples, and which modules the loss comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.module_loss import ModuleLoss
from edgeattn.judge.trace.of_export import losses_of
from edgeattn.judge.worst.worst_sample import WorstSample
from edgeattn.judge.worst.worst_samples import worst_samples
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.optional import attempted
from edgeattn_export.graph.runner import Runner
from edgeattn_export.targets import Bucket


@dataclass(frozen=True, slots=True)
class Insight:
    """Both, and why one of them is left out.

    Attributes:
        worst: The worst evaluation samples, as a person sees them.
        losses: What each module adds to the error, the worst first; empty where nobody looked.
        notes: A line each.
    """

    worst: tuple[WorstSample, ...] = ()
    losses: tuple[ModuleLoss, ...] = ()
    notes: tuple[str, ...] = ()


NOTHING_SEEN = Insight()


def look(
    known: FloatModel, int8: Runner, bucket: Bucket, cosines: Sequence[float], engine: Engine | None
) -> Insight:
    """Look at what was evaluated; what fails to be shown fails no export.

    Args:
        known: The model.
        int8: What was made of it.
        bucket: Its graphs, in the largest sizes that they fix.
        cosines: What it came to on each evaluation sample.
        engine: Runs the graphs in this process; None where none does, and nothing is traced.
    """
    captured, samples = known.captured, known.samples.evaluation
    worst, unseen = attempted(
        "the showing of the worst samples",
        lambda: worst_samples(known.source, captured, int8, samples, cosines),
        (),
    )
    if engine is None or not isinstance(captured.reference, Reference):  # an ONNX file has no modules
        return Insight(worst, (), unseen)
    padded, progress = known.comparison.padded, known.comparison.progress
    losses, untraced = attempted(
        "the trace of errors to modules",
        lambda: losses_of(captured, bucket, engine, samples, padded, progress),
        (),
    )
    return Insight(worst, losses, (*unseen, *untraced))
