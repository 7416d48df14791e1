"""How long a decoder takes for a token, written one by one as an app has them written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgeattn_runtime.decoding import generate
from edgeattn_runtime.golden import Sample, read_golden
from edgeattn_runtime.latency import Latency, measure
from edgeattn_runtime.manifest import Generation
from edgeattn_runtime.model import load

WRITTEN = 64  # tokens at most
WARMUP = 4  # of them not counted


@dataclass(frozen=True, slots=True)
class TokenTime:
    """The latency of a token, and how many tokens its prompt has; the prompt's own call is not counted."""

    latency_ms: Latency
    prompt: int


def token_time(bundle: Path, *, threads: int) -> TokenTime | None:
    """Write after a golden prompt, greedily, and time each token.

    Args:
        bundle: Its folder.
        threads: Intra-op threads.

    Returns:
        None of a bundle that is no decoder alone: golden inputs hold no source for an encoder; and where the
        prompt leaves no room to write.
    """
    model = load(bundle, threads=threads)
    generation = model.manifest.generation
    if generation is None or generation.encoder is not None:
        return None
    samples = (sample for sample in read_golden(model.files) if _begins(sample, generation))
    prompt = next((sample.inputs[generation.tokens][0].tolist() for sample in samples), None)
    if prompt is None:
        return None
    positions = generation.positions
    room = WRITTEN if positions is None else min(WRITTEN, positions - len(prompt))
    if room <= WARMUP:
        return None
    tokens = generate(model, prompt, max_new_tokens=1 + room)
    next(tokens)  # the prompt's call
    return TokenTime(measure(partial(next, tokens), rounds=room - WARMUP, warmup=WARMUP), len(prompt))


def _begins(sample: Sample, generation: Generation) -> bool:
    """Say whether a golden sample has nothing behind it."""
    return int(sample.inputs[generation.length][0]) == 0
