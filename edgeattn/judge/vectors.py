"""The golden vectors that a bundle carries: real inputs, PyTorch's outputs, and how near int8 must come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeattn.measure.runners import Arrays, Engine, Runner
from edgeattn.measure.spread import spread
from edgeattn_export.cache import Steps, decoder_samples
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.session import session_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.golden import Sample, replay
from edgeattn_runtime.manifest import MAIN_GRAPH

REHEARSED = 8  # judged samples that a decoder is taken through
COUNT = 4  # from the smallest judged sample to the largest
LOSS_ALLOWED = 2.0  # times the loss seen here: another CPU sums in another order, or saturates
LEAST_LOSS = 1e-3  # of cosine, allowed in any case


@dataclass(frozen=True, slots=True)
class Vectors:
    """Samples as PyTorch answered them, and the cosine that every output must reach on any device."""

    samples: tuple[Sample, ...]
    tolerance: float


def golden_vectors(original: Callable[[Arrays], Arrays], main: Runner, inputs: Iterable[Arrays]) -> Vectors:
    """Choose golden vectors among real inputs, and the tolerance that int8 is accepted at.

    Args:
        original: Answers inputs of the bundle's main graph as PyTorch does.
        main: That graph in int8.
        inputs: Real inputs of that graph.
    """
    chosen = spread(inputs, COUNT)
    samples = tuple(Sample(arrays, original(arrays)) for arrays in chosen)
    results = replay(lambda **arrays: main(arrays), samples, tolerance=0.0)
    loss = max(1 - result.cosine for result in results)
    return Vectors(samples, round(1 - max(LOSS_ALLOWED * loss, LEAST_LOSS), 6))


def step_vectors(steps: Steps, parts: Parts, judged: Samples) -> Vectors:
    """Choose golden vectors of a decoder: prompts, and what follows them with their cache as the past.

    The float decoder answers them, whose logits are proven to be PyTorch's.
    """
    float_decoder = Engine(session_of(steps.decoder.model))
    int8_decoder = Engine(session_of(parts.graphs[MAIN_GRAPH].quantized.model))
    texts = decoder_samples(steps, judged[:REHEARSED], ORT_CPU)
    return golden_vectors(float_decoder, int8_decoder, (text.inputs for text in texts))
