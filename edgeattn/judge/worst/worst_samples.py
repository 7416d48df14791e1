"""The samples on which a bundle is furthest from its original, answered once more to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from edgeattn.judge.worst.said import said, told
from edgeattn.judge.worst.seen import printable, seen
from edgeattn.judge.worst.worst_sample import WorstSample
from edgeattn.source.module import ModuleSource
from edgeattn.source.outputs import like
from edgeattn.source.source import Source
from edgeattn_export.capture import Captured
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples

SHOWN = 3


def worst_samples(
    source: Source, captured: Captured, int8: Runner, samples: Samples, cosines: Sequence[float]
) -> tuple[WorstSample, ...]:
    """Return the worst samples, the worst first.

    Args:
        source: The model, which may say how its answers are shown.
        captured: Its original and its contract.
        int8: What was made of it.
        samples: The evaluation samples.
        cosines: What int8 came to on each of them.

    Raises:
        ModelError: The model's own ``pretty`` failed, or the model itself.
    """
    every = [sample.inputs for sample in samples]
    ranked = sorted(zip(cosines, range(len(samples)), strict=True))[:SHOWN]
    found = []
    for cosine, i in ranked:
        original, bundle = _both(source, captured, int8, samples[i])
        inputs = seen(captured.graph, source.processing, samples[i].inputs, every)
        found.append(WorstSample(samples[i].number, cosine, inputs, printable(original), printable(bundle)))
    return tuple(found)


def _both(source: Source, captured: Captured, int8: Runner, sample: Sample) -> tuple[str, str]:
    reference, answers = captured.reference, int8(sample.inputs)
    pretty = source.pretty if isinstance(source, ModuleSource) else None
    if pretty is None or not isinstance(reference, Reference):
        known = source.processing
        return said(reference(sample.inputs), known), said(answers, known)
    original = reference.bind(sample.inputs)()
    passed = {name: sample.inputs[given] for name, given in reference.passed.items()}
    return told("pretty", pretty, original), told("pretty", pretty, like(original, {**passed, **answers}))
