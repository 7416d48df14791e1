"""Bundles for devices that are not here: made, checked by rule, and said to be no more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from edgeattn import pipeline
from edgeattn.commands.export import check_placement
from edgeattn.judge import proof
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.module import ModuleSource
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import BudgetError, CheckFailed


@pytest.mark.usefixtures("instant_capture")
def test_what_is_not_run_is_said_to_be_not_run(
    source: ModuleSource, tmp_path: Path, ran: Callable[..., str], refused: Callable[..., str]
) -> None:
    bundle = pipeline.run(source, Request.read("coreml", {"cosine": 0.99}, FASTEST), Silent())
    report = bundle.report
    assert report.verdict == "pass"
    assert report.latency_ms is None
    assert any("Not run on CoreML" in note for note in report.notes)
    assert not any("Int8 is not faster" in note for note in report.notes)
    assert report.placement is not None
    assert report.placement.how == "expected"
    assert report.placement.shares["CoreMLExecutionProvider"] == 1
    assert "Gather" in {fallback.operator for fallback in report.placement.fallbacks}
    with pytest.raises(CheckFailed, match="Gather"):
        check_placement(report)
    assert all(
        variant.measured is None and variant.sizes["batch"] == 1 for variant in bundle.manifest.variants
    )
    folder = bundle.save(tmp_path / "tiny.edge")
    assert "not run" in ran("inspect", folder)
    assert "CoreMLExecutionProvider" in refused("validate", folder)


@pytest.mark.usefixtures("instant_capture")
def test_every_bucket_is_placed(source: ModuleSource, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[tuple[int, ...]] = []

    def place(_: object, graphs: Iterable[tuple[object, Inputs]]) -> None:
        placed.extend(inputs["tokens"].shape for _, inputs in graphs)

    monkeypatch.setattr(proof, "placement_of", place)
    bundle = pipeline.run(source, Request.read("coreml", {"cosine": 0.99}, FASTEST), Silent())
    sizes = [tuple(variant.sizes.values()) for variant in bundle.manifest.variants]
    assert len(sizes) > 1
    assert sorted(placed) == sorted(sizes)


def test_its_time_is_no_limit_here() -> None:
    with pytest.raises(BudgetError, match="latency_ms"):
        Request.read("coreml", {"latency_ms": 1.0}, FASTEST)
