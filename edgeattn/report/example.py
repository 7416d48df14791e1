"""One real sample, answered by PyTorch and by the bundle without it, in the user's own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeattn.measure.runners import runner_of_bundle
from edgeattn.measure.threads import THREADS
from edgeattn.measure.variants import measurable
from edgeattn.source.module import ModuleSource, Pretty
from edgeattn.source.outputs import like
from edgeattn_export.capture.reference import Call, Reference
from edgeattn_runtime.bundle import open_bundle
from edgeattn_runtime.errors import IncompatibleRuntimeError, ModelError


@dataclass(frozen=True, slots=True)
class Example:
    """What ``pretty`` makes of either's outputs."""

    pytorch: str
    bundle: str


def example(bundle: Path, source: ModuleSource) -> Example | None:
    """Answer an evaluation sample twice; None where the model's file has no ``pretty``, or nothing runs here.

    Raises:
        ModelError: ``pretty`` failed.
    """
    if source.pretty is None:
        return None
    samples, files = source.read(), open_bundle(bundle)
    inputs = samples.split().evaluation[-1].inputs
    reference = Reference(source.module, Call(samples.beginning)).settled(inputs)
    original = reference.bind(inputs)()
    try:
        variant, *_ = measurable(files.manifest)
    except IncompatibleRuntimeError:  # it is for other devices, and the report says so
        return None
    answers = runner_of_bundle(files, variant, threads=THREADS)(inputs)
    passed = {name: inputs[given] for name, given in reference.passed.items()}
    answer = like(original, {**passed, **answers})
    return Example(_told(source.pretty, original), _told(source.pretty, answer))


def _told(pretty: Pretty, outputs: object) -> str:
    try:
        return str(pretty(outputs))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"pretty(outputs) failed: {type(error).__name__}: {reason}") from error
