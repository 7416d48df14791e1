"""The small decoders, seeded and each derived once; and the tests' own loop over a step graph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.capture import Captured
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.incremental import Steps, derive_steps
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import Recovered, recover

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
from source_models import SOURCE_MODELS, source_sample_of
from step_models import MODELS, sample_of

LENGTHS = (5, 9, 14, 7)
SPARE = 3  # slots that no token fills
UNFILLED = 7.0  # what slots hold until then

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Derivation:
    """A model on its way, and the step form or its refusal."""

    captured: Captured
    recovered: Recovered
    samples: Samples
    steps: Steps | Refusal

    def inputs(self, *sizes: int) -> Arrays:
        """Return inputs of these sizes, by the symbols in their order."""
        symbols = self.captured.axes.symbols
        return sized_inputs(self.samples, self.captured.axes, dict(zip(symbols, sizes, strict=True)))


@pytest.fixture(scope="session")
def derivation(exported: Callable[..., tuple[Captured, Samples]]) -> Callable[[str], Derivation]:
    """A function that derives one of the models by name, once a session."""

    @cache
    def derive(name: str) -> Derivation:
        torch.manual_seed(drawn_seed(0))
        build = {**MODELS, **SOURCE_MODELS}[name]
        raw = [source_sample_of(name, n) if name in SOURCE_MODELS else sample_of(n) for n in LENGTHS]
        captured, samples = exported(build(), raw)
        recovered = recover(captured, samples)
        return Derivation(captured, recovered, samples, derive_steps(captured, recovered, samples))

    return derive


@pytest.fixture(scope="session")
def steps_of(derivation: Callable[[str], Derivation]) -> Callable[[str], Steps]:
    """A function that returns the step form of a model that has one."""

    def steps(name: str) -> Steps:
        found = derivation(name).steps
        assert isinstance(found, Steps), found
        return found

    return steps


@pytest.fixture(scope="session")
def stepped_error(
    scaled_error: Callable[[Arrays, Arrays], float],
) -> Callable[[Captured, Steps, Arrays, Sequence[int]], float]:
    """A function that takes a text in chunks and returns how far its logits are from PyTorch's."""

    def error(captured: Captured, steps: Steps, inputs: Arrays, chunks: Sequence[int]) -> float:
        generation = steps.generation
        decoder, tokens = ORT_CPU.runner(steps.main.model), inputs[generation.tokens]
        carried = ORT_CPU.runner(steps.encoder.model)(inputs) if steps.encoder else {}
        dims = {tensor.name: tensor.dims for tensor in steps.main.graph.inputs}
        sizes = {"batch": len(tokens), "capacity": tokens.shape[1] + SPARE}
        past = {
            cache.past: np.full([sizes.get(dim, dim) for dim in dims[cache.past]], UNFILLED, np.float32)
            for cache in generation.cache
        }
        logits, begin = [], 0
        for chunk in chunks:
            fed = {generation.tokens: tokens[:, begin : begin + chunk], **carried, **past}
            fed[generation.length] = np.array([begin])
            outputs = decoder(fed)
            logits.append(outputs[generation.logits])
            past = {cache.past: outputs[cache.present] for cache in generation.cache}
            begin += chunk
        assert begin == tokens.shape[1]
        expected = captured.reference(inputs)[generation.logits]
        return scaled_error({"logits": expected}, {"logits": np.concatenate(logits, axis=1)})

    return error
