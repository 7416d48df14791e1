"""Real inputs of the graphs that step, made by running them on the whole model's samples."""

from __future__ import annotations

from collections.abc import Iterator

from edgeattn_export.cache.stepping import StepRunner
from edgeattn_export.cache.steps import Steps
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Sample, Samples


def decoder_samples(steps: Steps, samples: Samples, engine: Engine) -> Samples:
    """Return two inputs of the decoder a sample: a prompt of half its tokens, and the rest with that past.

    Args:
        steps: Their graphs, in float.
        samples: The whole model's inputs.
        engine: Runs them.
    """
    return Samples(tuple(_halves(steps, samples, engine)))


def encoder_samples(steps: Steps, samples: Samples) -> Samples:
    """Return the samples' sources alone, in their order."""
    return Samples(tuple(Sample({name: sample.inputs[name] for name in steps.sources}) for sample in samples))


def _halves(steps: Steps, samples: Samples, engine: Engine) -> Iterator[Sample]:
    runner = StepRunner.of(steps, engine)
    for sample in samples:
        length = sample.inputs[steps.tokens].shape[1]
        chunks = [chunk for chunk in (length // 2, length - length // 2) if chunk]
        yield from map(Sample, runner.walk(sample.inputs, chunks))
