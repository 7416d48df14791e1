"""One real sample, answered by PyTorch and by the bundle without it, in the user's own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeattn.source.module import ModuleSource, Pretty
from edgeattn.source.outputs import like
from edgeattn_export.capture.reference import Call, Reference
from edgeattn_runtime.errors import ModelError
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.model import load


@dataclass(frozen=True, slots=True)
class Example:
    """What ``pretty`` makes of either's outputs."""

    pytorch: str
    bundle: str


def example(bundle: Path, source: ModuleSource) -> Example | None:
    """Answer a golden sample twice; None where the file has no ``pretty``, or its module takes other inputs.

    Raises:
        ModelError: ``pretty`` failed.
    """
    if source.pretty is None:
        return None
    net = load(bundle)
    inputs = dict(read_golden(net.files)[-1].inputs)
    generation = net.manifest.generation
    if generation is not None:
        inputs = {generation.tokens: inputs[generation.tokens]}
    samples = source.read()
    if inputs.keys() != set(samples.names):
        return None  # behind an encoder, or with a mask, the golden inputs are the decoder's alone
    reference = Reference(source.module, Call(samples.beginning)).settled(inputs)
    original = reference.bind(inputs)()
    answers = net(**inputs)
    if generation is not None:
        answers = {generation.logits: answers[generation.logits]}
    passed = {name: inputs[given] for name, given in reference.passed.items()}
    answer = like(original, {**passed, **answers})
    return Example(_told(source.pretty, original), _told(source.pretty, answer))


def _told(pretty: Pretty, outputs: object) -> str:
    try:
        return str(pretty(outputs))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"pretty(outputs) failed: {type(error).__name__}: {reason}") from error
