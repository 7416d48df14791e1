"""A bundle for XNNPACK, on Debian's onnxruntime, which `edgeattn targets --install xnnpack` unpacks."""

from __future__ import annotations

import pytest

from edgeattn import pipeline
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.module import ModuleSource
from edgeattn_export.targets.xnnpack import XNNPACK_CPU


@pytest.mark.usefixtures("instant_capture")
def test_a_bundle_passes_on_it_in_fixed_sizes(source: ModuleSource) -> None:
    missing = XNNPACK_CPU.engine.host.missing()
    if missing is not None:
        pytest.skip(missing)
    bundle = pipeline.run(source, Request.read("xnnpack", {"cosine": 0.9999}, FASTEST), Silent())
    assert bundle.report.verdict == "pass"
    assert "1.21" in " ".join(note for note in bundle.report.notes if "Run on" in note)
    assert bundle.report.placement is None
    assert any("leaves to the CPU is not known" in note for note in bundle.report.notes)
    assert bundle.manifest.variants
    for variant in bundle.manifest.variants:
        assert variant.sizes.keys() == {"batch", "sequence"}
        assert variant.engine.providers[0] == "XnnpackExecutionProvider"
        assert variant.measured is not None
