"""A bundle for XNNPACK, on Debian's onnxruntime, which `edgeattn targets --install xnnpack` unpacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn import pipeline
from edgeattn.judge.objective import FASTEST
from edgeattn.judge.request import Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn_export.targets.xnnpack import XNNPACK_CPU

DIGITS = Path(__file__).parents[2] / "models" / "digits" / "model.py"


def test_digits_pass_on_it_in_fixed_sizes() -> None:
    missing = XNNPACK_CPU.engine.host.missing()
    if missing is not None:
        pytest.skip(missing)
    source = load(str(DIGITS))
    request = Request.read("xnnpack", source.budget, FASTEST, has_metric=True)
    bundle = pipeline.run(source, request, Silent())
    assert bundle.report.verdict == "pass"
    assert {layer.form for layer in bundle.report.layers} == {"float"}
    (variant,) = bundle.manifest.variants
    assert variant.sizes == {"batch": 1}
    assert variant.engine.providers[0] == "XnnpackExecutionProvider"
    assert variant.measured is not None
    assert not any("not faster" in note for note in bundle.report.notes)
