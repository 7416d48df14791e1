from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import edgeattn
from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.judge import edge_cases, golden, models, proof
from edgeattn.judge.request import FASTEST, Objective, Request
from edgeattn.measure import place
from edgeattn.measure.runners import runner_of_buckets
from edgeattn.progress import Progress, Silent
from edgeattn.results.bundle import REPORT_FILE
from edgeattn.results.report import Counts
from edgeattn.source.module import ModuleSource
from edgeattn.source.onnx_file import OnnxSource
from edgeattn.source.source import Source
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION, Kernels, Library
from edgeattn_runtime.errors import BadInput, BudgetError, ModelError
from edgeattn_runtime.timing.machine import Machine

STAGES = [
    *("samples", "capture", "recover", "cache", "lower"),
    *("quantize", "select"),
    *("evaluate", "edge cases", "time", "tune", "trace", "prove"),
]


def test_the_report_tells_of_the_whole_way(bundle: Bundle, source: ModuleSource) -> None:
    report = bundle.report
    assert (report.model, report.target, report.verdict) == ("tiny", "cpu", "pass")
    assert report.samples == Counts(calibration=12, selection=12, evaluation=24)
    assert report.machine == Machine.here()
    assert report.operators["Attention"] == 1
    assert report.fused["projections"] == 1
    assert [check.name for check in report.checks] == ["cosine", "metric_drop", "golden"]
    assert 0.98 < report.accuracy.cosine_min <= report.accuracy.cosine_mean < 1
    assert report.accuracy.cosine_float_min > 1 - 1e-6
    assert report.accuracy.metric_pytorch is not None
    assert report.size_mb["pytorch"] == pytest.approx(sum(p.nbytes for p in source.module.parameters()) / 1e6)
    assert report.latency_ms.conditions.shape == {"batch": 1, "sequence": 8}
    assert report.memory_mb is None


def test_edge_cases_of_the_contract_are_tried_and_right(bundle: Bundle) -> None:
    cases = {case.name: case for case in bundle.report.edge_cases}
    assert {
        *("batch 3", "batch 7", "sequence 1"),
        *("right padding", "left padding", "one padded row", "padding invariance"),
        *("a row masked out but for one position", "tokens repeated"),
    } <= cases.keys()
    assert all(case.ok and case.error is not None for case in cases.values())


@pytest.mark.usefixtures("instant_capture")
def test_a_graph_that_ignores_its_mask_fails_an_edge_case_though_no_sample_shows_it(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unmasked(buckets: object, rows: object, engine: object, **more: Any) -> Any:
        inner = runner_of_buckets(buckets, rows, engine, **more)  # type: ignore[arg-type]

        class Unmasked:
            def __call__(self, inputs: Any) -> Any:
                return inner({**inputs, "attention_mask": np.ones_like(inputs["attention_mask"])})

            def bind(self, inputs: Any) -> Any:
                return inner.bind(inputs)

        return Unmasked()

    monkeypatch.setattr(models, "runner_of_buckets", unmasked)
    strict = {**edge_cases.MOST_ERROR, "int8": 0.14}  # the one layer adds the token itself
    monkeypatch.setattr(edge_cases, "MOST_ERROR", strict)
    follow, tagged = Objective(recipe=DYNAMIC_INT8), [(s.inputs, s.target) for s in source.read()]
    made = edgeattn.export(source.module, tagged, budget={"cosine": 0.9}, objective=follow)
    failed = {case.name for case in made.report.edge_cases if not case.ok}
    assert "a row masked out but for one position" in failed
    assert all(check.ok for check in made.report.checks)
    assert made.report.verdict == "fail"


@pytest.mark.usefixtures("instant_capture")
def test_a_limit_on_one_output_is_checked_like_any_other(source: ModuleSource) -> None:
    limits = {"top1": 0.5, "kl": 0.1, "perplexity_ratio": 1.2, "snr_db": 10}
    module, follow = source.module, Objective(recipe=DYNAMIC_INT8)
    tagged = [(sample.inputs, sample.target) for sample in source.read()]
    made = edgeattn.export(module, tagged, budget=limits, objective=follow)
    checks = {check.name: check for check in made.report.checks}
    assert [checks[name].verdict for name in limits] == ["pass"] * 4
    assert checks["top1"].limit < checks["top1"].bound <= checks["top1"].measured <= 1
    assert 0 < checks["kl"].measured < checks["kl"].bound < 0.1
    assert made.manifest.budget == limits


@pytest.mark.usefixtures("instant_capture")
def test_a_model_of_kernels_is_proven_with_and_without_them(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = Kernels(Library("", "0.1.0", 1, "AVX3_DL", has_dot_products=True))
    monkeypatch.setattr(place, "kernels_here", lambda: kernels)  # a library that sessions do not find
    recipe = Recipe("kernels", ((EVERY, Treatment("kernel int8")),), ("int8 rows",))
    tagged = [(sample.inputs, sample.target) for sample in source.read()]
    made = edgeattn.export(source.module, tagged, budget={"cosine": 0.9}, objective=Objective(recipe=recipe))
    report = made.report
    (without,) = report.other_ways
    assert without.name == "without kernels"
    assert (report.machine.kernels, report.verdict, without.verdict) == (str(kernels), "pass", "pass")
    assert [check.name for check in without.checks] == [check.name for check in report.checks]
    assert without.accuracy.cosine_min == pytest.approx(report.accuracy.cosine_min, abs=1e-2)
    assert without.latency_ms is not None
    assert [case.name for case in without.edge_cases] == [case.name for case in report.edge_cases]
    assert not any("kernels" in note for note in report.notes)  # nothing is missed without them
    (variant,) = made.manifest.variants
    assert variant.engine.options == {KERNELS_OPTION: DOMAIN_VERSION}


@pytest.mark.usefixtures("instant_capture")
def test_few_samples_leave_the_verdict_undecided(source: ModuleSource) -> None:
    few, follow = source.read().items[:12], Objective(recipe=DYNAMIC_INT8)
    given = [(sample.inputs, sample.target) for sample in few]
    made = edgeattn.export(source.module, given, budget={"cosine": 0.9}, objective=follow)
    (variant,) = made.manifest.variants
    assert (made.report.verdict, made.verdict, variant.verdict) == ("undecided", "undecided", "fail")
    assert made.report.notes[-1].endswith(
        "6 evaluation samples do not show that of all inputs: 20 would do; yield 40 samples or more."
    )


def test_the_manifest_and_the_report_say_the_same(bundle: Bundle, source: ModuleSource) -> None:
    manifest, report = bundle.manifest, bundle.report
    (variant,) = manifest.variants
    assert (manifest.name, variant.target, variant.verdict) == ("tiny", "cpu", "pass")
    assert manifest.budget == source.budget
    assert variant.scores == report.scores
    assert max(variant.tolerance.values()) == report.scores["golden"]
    assert str(variant.measured).startswith(str(report.machine))
    assert manifest.provenance["source"] == source.sha256
    assert manifest.files["model.onnx"].size / 1e6 == report.size_mb["int8"]
    assert json.loads(bundle.packed.files[REPORT_FILE]) == json.loads(report.to_json())


def test_rows_and_their_padding_are_in_the_manifest(bundle: Bundle) -> None:
    assert bundle.manifest.rows == Rows("batch", Padding("attention_mask", 0))
    assert runnable(bundle.manifest) == bundle.manifest.variants


def test_a_bundle_answers_as_pytorch_does(
    bundle: Bundle, captured: Captured, samples: SampleSplit, folder: Path
) -> None:
    inputs = samples.evaluation[-1].inputs
    difference = edgeattn.load(folder)(**inputs)["tags"] - captured.reference(inputs)["tags"]
    assert np.abs(difference).max() <= bundle.report.accuracy.max_abs


def test_saving_again_replaces_the_bundle(bundle: Bundle, folder: Path) -> None:
    (folder / "report.json").write_text("changed")
    assert bundle.save(folder) == folder
    assert (folder / "report.json").read_text() == bundle.report.to_json()


def test_stages_are_told_in_the_order_of_the_picture(exported: tuple[Bundle, Any]) -> None:
    _, watched = exported
    assert watched.stages == STAGES


def test_the_samples_of_the_verdict_choose_nothing(
    exported: tuple[Bundle, Any], samples: SampleSplit, tokens_of: Callable[[Samples], set[tuple[int, ...]]]
) -> None:
    _, watched = exported
    calibration, selection, evaluation = map(
        tokens_of, (samples.calibration, samples.selection, samples.evaluation)
    )
    assert not calibration & selection
    assert not evaluation & (calibration | selection)
    before = STAGES[: STAGES.index("evaluate")]
    metric_check = watched.rows("capture", kind="Reference")
    assert evaluation & watched.rows(*before) == evaluation & metric_check
    assert not evaluation & watched.rows(*before, kind="Runner")
    assert watched.rows("select") == selection
    assert watched.rows("evaluate") == watched.rows("time") == evaluation
    assert watched.rows("tune") & evaluation == set()
    assert watched.rows("prove", kind="Runner") <= evaluation
    assert watched.rows("prove") <= evaluation | selection  # whose answers give the spreads


@pytest.mark.usefixtures("instant_capture")
def test_golden_vectors_that_prove_nothing_fail_the_verdict(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = 51.5
    monkeypatch.setattr(golden, "LEAST_ERROR", 0.5)
    monkeypatch.setattr(proof, "memory_of", lambda *_: measured)
    asked, follow = {"cosine": 0.5, "memory_mb": 1000.0}, Objective(recipe=DYNAMIC_INT8)
    made = edgeattn.export(source.module, source.samples, budget=asked, objective=follow)
    (variant,) = made.manifest.variants
    assert [check.name for check in made.report.checks if not check.ok] == ["golden"]
    assert made.report.verdict == variant.verdict == "fail"
    assert made.report.model == made.manifest.name == "tagger"  # without a name of its own
    assert made.report.memory_mb == variant.scores["memory_mb"] == measured
    assert made.report.accuracy.metric_pytorch is None


def test_a_module_and_an_onnx_file_go_one_way(
    source: ModuleSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[Source, Request, Progress]] = []
    monkeypatch.setattr(pipeline, "run", lambda *given: taken.append(given))
    progress, smallest = Silent(), Objective("size")
    edgeattn.export(source.module, source.samples, budget={"size_mb": 1}, name="mine", progress=progress)
    model, npz = tmp_path / "model.onnx", tmp_path / "samples.npz"
    edgeattn.export_onnx(model, npz, budget={"size_mb": 1}, objective=smallest, progress=progress)
    (module, first, told), (file, second, also_told) = taken
    assert isinstance(module, ModuleSource)
    assert (module.name, module.module, module.samples) == ("mine", source.module, source.samples)
    assert file == OnnxSource(model, npz)
    assert (first.target, first.budget) == (second.target, second.budget)
    assert second.objective == smallest
    assert told is also_told is progress


def test_a_qdq_file_stands_beside_either(
    source: ModuleSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Source] = []
    monkeypatch.setattr(pipeline, "run", lambda source, *_: taken.append(source))
    qdq, model, npz = (tmp_path / name for name in ("net.qdq.onnx", "net.onnx", "samples.npz"))
    edgeattn.export(source.module, source.samples, trained=qdq)
    edgeattn.export_onnx(model, npz, trained=qdq)
    module, file = taken
    assert isinstance(module, ModuleSource)
    assert module.qdq == qdq
    assert file == OnnxSource(model, npz, qdq)


class Noting(Silent):
    """Keeps each note with the stage in which it comes."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []
        self._stage = ""

    def stage(self, name: str) -> None:
        self._stage = name

    def note(self, text: str) -> None:
        self.notes.append((self._stage, text.partition(":")[0]))


@pytest.mark.parametrize(("draft", "noted"), [(False, [("samples", "cosine_min=0.9")]), (True, [])])
def test_a_limit_beyond_the_samples_is_noted_before_the_capture(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch, draft: bool, noted: list[tuple[str, str]]
) -> None:
    proving: list[int] = []

    def refused(_: ModuleSource, *samples: Any) -> Captured:
        proving.append(len(samples[-1]))
        raise ModelError("no capture")

    monkeypatch.setattr(ModuleSource, "capture", refused)
    monkeypatch.setattr("edgeattn_export.graph.samples.DRAFT_CALIBRATION", 3)
    progress = Noting()
    request = Request.read("cpu", {"cosine_min": 0.9}, replace(FASTEST, draft=draft))
    with pytest.raises(ModelError, match="no capture"):
        pipeline.run(source, request, progress)
    assert progress.notes == noted
    assert proving == [3 if draft else 12]  # samples that prove the export


def test_an_unknown_target_is_refused_before_any_work(source: ModuleSource) -> None:
    with pytest.raises(BadInput, match="'toaster'"):
        edgeattn.export(source.module, iter(()), target="toaster")


def test_a_bad_budget_is_refused_before_any_work(source: ModuleSource) -> None:
    with pytest.raises(BudgetError, match="metric_drop"):
        edgeattn.export(source.module, iter(()), budget={"metric_drop": 0.1})


def test_what_is_no_module_or_no_samples_is_bad_input(source: ModuleSource) -> None:
    with pytest.raises(BadInput, match=r"^module: int "):
        edgeattn.export(5, source.samples)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"^samples: NoneType "):
        edgeattn.export(source.module, None)  # type: ignore[arg-type]


def test_the_exported_graph_needs_no_more_than_its_manifest_says(bundle: Bundle) -> None:
    session = onnxruntime.InferenceSession(bundle.packed.files["model.onnx"])
    (graph,) = bundle.manifest.graphs.values()
    assert [value.name for value in session.get_inputs()] == [tensor.name for tensor in graph.inputs]
    assert [tensor.dims for tensor in graph.outputs] == [("batch", "sequence", 4)]
