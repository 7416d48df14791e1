from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import edgeattn
from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.report.report import REPORT_FILE
from edgeattn.source.eval_mode import in_eval_mode
from edgeattn.source.handover import Handover
from edgeattn_runtime.errors import BadInput, BudgetError


def test_the_report_tells_of_the_whole_way(bundle: Bundle, handed: Handover) -> None:
    report = bundle.report
    assert (report.model, report.target, report.verdict) == ("tiny", "cpu", "pass")
    assert report.samples == {"calibrate": 6, "judge": 6}
    assert report.operators["Attention"] == 1
    assert report.fused["projections"] == 1
    assert [check.name for check in report.checks] == ["cosine", "metric_drop"]
    assert 0.98 < report.accuracy.cosine_min <= report.accuracy.cosine_mean < 1
    assert report.accuracy.cosine_float_min > 1 - 1e-6
    assert report.accuracy.metric_pytorch is not None
    assert report.size_mb["pytorch"] == pytest.approx(sum(p.nbytes for p in handed.module.parameters()) / 1e6)
    assert report.latency_ms.conditions.shape == {"batch": 1, "sequence": 8}
    assert report.memory_mb is None


def test_a_verdict_on_few_samples_is_told_to_be_one(bundle: Bundle) -> None:
    note = "Judged on 6 samples: a verdict on so few says little; yield 40 samples or more."
    assert bundle.report.notes[-1] == note


def test_the_manifest_and_the_report_say_the_same(bundle: Bundle, handed: Handover) -> None:
    manifest, report = bundle.manifest, bundle.report
    assert (manifest.name, manifest.target, manifest.verdict) == ("tiny", "cpu", "pass")
    assert manifest.budget == handed.budget
    assert manifest.scores == report.scores
    assert manifest.provenance["source"] == handed.source_sha256
    assert manifest.files["model.onnx"].size / 1e6 == report.size_mb["int8"]
    assert json.loads(bundle.packed.files[REPORT_FILE]) == json.loads(report.to_json())


def test_a_bundle_answers_as_pytorch_does(bundle: Bundle, handed: Handover, tmp_path: Path) -> None:
    net = edgeattn.load(bundle.save(tmp_path / "tiny.edge"))
    inputs, _ = handed.samples[-1]
    arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
    expected = handed.module(**inputs)["tags"].detach().numpy()
    assert np.abs(net(**arrays)["tags"] - expected).max() <= bundle.report.accuracy.max_abs


def test_saving_again_replaces_the_bundle(bundle: Bundle, folder: Path) -> None:
    (folder / "report.json").write_text("changed")
    assert bundle.save(folder) == folder
    assert (folder / "report.json").read_text() == bundle.report.to_json()


@pytest.mark.usefixtures("instant_capture")
def test_stages_are_told_in_the_order_of_the_picture(
    handed: Handover, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[str] = []

    class Listener:
        def stage(self, name: str) -> None:
            stages.append(name)

        def step(self, done: int, total: int) -> None:
            assert 0 <= done <= total > 0

    asked = {"cosine": 0.5, "memory_mb": 1000.0}
    memory_measured = 51.5
    monkeypatch.setattr(pipeline, "memory_mb", lambda folder, threads: memory_measured)
    made = edgeattn.export(handed.module, handed.samples, budget=asked, progress=Listener())
    before, after = ["samples", "capture", "recover", "cache"], ["time", "pack", "tune"]
    assert stages == [*before, "quantize", "validate", *after]
    assert made.report.model == "tagger"
    assert made.report.memory_mb == made.manifest.scores["memory_mb"] == memory_measured
    assert made.report.accuracy.metric_pytorch is None


def test_an_unknown_target_is_refused_before_any_work(handed: Handover) -> None:
    with pytest.raises(BadInput, match="target 'toaster': unknown; expected one of cpu"):
        edgeattn.export(handed.module, iter(()), target="toaster")


def test_a_bad_budget_is_refused_before_any_work(handed: Handover) -> None:
    with pytest.raises(BudgetError, match="no metric"):
        edgeattn.export(handed.module, iter(()), budget={"metric_drop": 0.1})


def test_what_is_no_module_or_no_samples_is_bad_input(handed: Handover) -> None:
    with pytest.raises(BadInput, match=r"^module: int found"):
        edgeattn.export(5, handed.samples)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"^samples: NoneType found"):
        edgeattn.export(handed.module, None)  # type: ignore[arg-type]


def test_a_module_in_training_mode_is_put_into_eval_mode(handed: Handover) -> None:
    handed.module.query.train()
    with pytest.warns(UserWarning, match="Tagger was in training mode and is now in eval mode"):
        in_eval_mode(handed.module)
    assert not any(part.training for part in handed.module.modules())
    in_eval_mode(handed.module)  # and now there is nothing to warn of


def test_the_exported_graph_needs_no_more_than_its_manifest_says(bundle: Bundle) -> None:
    session = onnxruntime.InferenceSession(bundle.packed.files["model.onnx"])
    (graph,) = bundle.manifest.graphs.values()
    assert [value.name for value in session.get_inputs()] == [tensor.name for tensor in graph.inputs]
    assert [tensor.dims for tensor in graph.outputs] == [("batch", "sequence", 4)]
