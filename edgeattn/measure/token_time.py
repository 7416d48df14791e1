"""How long a decoder takes for a token, written one by one as an app has them written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from edgeattn.results.benchmark import TokenTime
from edgeattn_runtime.bundle.generation import batch_symbol
from edgeattn_runtime.bundle.golden import Sample, read_golden
from edgeattn_runtime.bundle.manifest import Generation
from edgeattn_runtime.decoding.stepper import Stepper
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.timing.latency import measure

MOST_TOKENS = 64  # tokens at most
WARMUP_TOKENS = 4  # of them not counted


def token_time(bundle: Path, *, threads: int, kernels: bool = True) -> TokenTime | None:
    """Write after a golden prompt, greedily, and time each token; an encoder has run before.

    Returns:
        None of a bundle that generates nothing, and where the prompt leaves no room to write.
    """
    model = load(bundle, threads=threads, kernels=kernels)
    generation = model.manifest.generation
    if generation is None:
        return None
    samples = read_golden(model.files).samples
    prompts = (each for each in samples if int(each.inputs[generation.length][0]) == 0)
    sample = next(prompts, None)
    if sample is None:
        return None
    prompt, positions = sample.inputs[generation.tokens].shape[1], generation.positions
    room = MOST_TOKENS if positions is None else min(MOST_TOKENS, positions - prompt)
    if room <= WARMUP_TOKENS:
        return None
    tokens = _written(model, generation, sample)
    next(tokens)  # the prompt's call
    return TokenTime(
        measure(partial(next, tokens), rounds=room - WARMUP_TOKENS, warmup=WARMUP_TOKENS), prompt
    )


def _written(model: Model, generation: Generation, sample: Sample) -> Iterator[int]:
    """Yield the likeliest token after a golden sample's first row, and after each that was yielded."""
    decoder, inputs = model.graph(generation.decoder).session, sample.inputs
    batch = batch_symbol(decoder.graph, generation)
    dims = {tensor.name: tensor.dims for tensor in decoder.graph.inputs}
    carried = {
        name: inputs[name][:1] if dims[name][:1] == (batch,) else inputs[name] for name in generation.carried
    }
    step, tokens = Stepper(decoder, generation, carried), inputs[generation.tokens][:1]
    while True:
        tokens = step(tokens)[:, -1:].argmax(-1)  # (1, 1)
        yield int(tokens[0, 0])
