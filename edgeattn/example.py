"""One real sample, answered by PyTorch and by the bundle without it, in the owner's own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeattn.handover import Handover, Pretty
from edgeattn.outputs import like
from edgeattn_export.reference import Reference
from edgeattn_runtime.errors import ModelError
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.model import load


@dataclass(frozen=True, slots=True)
class Example:
    """What ``pretty`` makes of either's outputs."""

    pytorch: str
    bundle: str


def example(bundle: Path, handed: Handover) -> Example | None:
    """Answer a golden sample twice; None where the model's file has no ``pretty``.

    Raises:
        ModelError: ``pretty`` failed.
    """
    if handed.pretty is None:
        return None
    net = load(bundle)
    inputs = read_golden(net.files)[-1].inputs
    original = Reference(handed.module).bind(inputs)()
    answer = like(original, net(**inputs))
    return Example(_told(handed.pretty, original), _told(handed.pretty, answer))


def _told(pretty: Pretty, outputs: object) -> str:
    try:
        return str(pretty(outputs))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"pretty(outputs) failed: {type(error).__name__}: {reason}") from error
