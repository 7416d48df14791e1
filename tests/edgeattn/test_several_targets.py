"""A bundle for two targets: this process's, and one whose engine runs in a worker."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import edgeattn_export
import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.choice import Chooser
from edgeattn.judge.golden_check import golden_check
from edgeattn.judge.request import FASTEST, Objective, Request
from edgeattn.judge.validation import revalidate
from edgeattn.measure.variants import measurable
from edgeattn.progress import Silent
from edgeattn.results.bundle import read_report
from edgeattn.source.module import ModuleSource
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.pack import save
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.targets import TARGETS, LoweredGraphs, Target, lower_for
from edgeattn_export.targets.cpu import DYNAMIC_INT8, FORMS
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError, ModelError

PACKAGES = tuple(str(Path(package.__path__[0]).parent) for package in (edgeattn_export, edgeattn_runtime))
CODE = "import sys; sys.path += sys.argv[1:]; from edgeattn_export.graph.hosts.worker import main; main()"


@dataclass(frozen=True)
class ThisPython:
    """An environment like this process's."""

    lacking: str | None = None
    name: str = "apart"

    def missing(self) -> str | None:
        return self.lacking

    def install(self) -> None:
        raise BadInput("nothing to install")

    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-c", CODE, *PACKAGES)


def _export(
    source: ModuleSource,
    monkeypatch: pytest.MonkeyPatch,
    *,
    lacking: str | None = None,
    emulated: bool = False,
) -> Bundle:
    cpu = TARGETS["cpu"]
    host = Elsewhere(ThisPython(lacking), emulated=emulated)
    paces = dict.fromkeys(FORMS.linear, 1.0) | {FLOAT.name: 4.0}
    apart = replace(
        cpu,
        name="apart",
        engine=replace(cpu.engine, name="engine-apart", host=host),
        stand_in=cpu.engine,
        candidates=replace(cpu.candidates, paces=paces),
    )
    monkeypatch.setitem(TARGETS, "apart", apart)  # type: ignore[arg-type]
    request = Request.read(["cpu", "apart"], {"cosine": 0.98}, Objective("speed", DYNAMIC_INT8))
    return pipeline.run(source, request, Silent())


def _notes(bundle: Bundle) -> str:
    return " ".join(bundle.reports["apart"].notes)


@pytest.mark.usefixtures("instant_capture")
def test_each_target_has_its_variant_and_its_report(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ran: Callable[..., str]
) -> None:
    bundle = _export(source, monkeypatch)
    assert (
        list(bundle.reports) == [variant.target for variant in bundle.manifest.variants] == ["cpu", "apart"]
    )
    assert bundle.verdict == "pass"
    cpu, apart = bundle.manifest.variants
    assert (cpu.files, apart.files) == ({"model": "model.onnx"}, {"model": "apart/model.onnx"})
    assert apart.measured is not None
    race = bundle.reports["apart"].latency_ms
    assert set(race.latencies) == {"pytorch", "float", "int8"}
    assert "Run on" in _notes(bundle)
    assert "nominal" in _notes(bundle)

    folder = bundle.save(tmp_path / "two.edge")
    files = open_bundle(folder)
    assert read_report(files, "apart") == bundle.reports["apart"]
    assert read_report(files) == bundle.reports["cpu"]
    assert [variant.target for variant in measurable(files.manifest)] == ["cpu", "apart"]
    anew = revalidate(files, source, progress=Silent())
    assert list(anew) == ["cpu", "apart"]
    assert anew["apart"].measures.scores.accuracy == bundle.reports["apart"].accuracy
    assert main(["run", str(folder), "--help"]) == 0  # the app's runtime takes the variant that it can run
    assert "apart" in ran("inspect", folder)


@pytest.mark.usefixtures("instant_capture")
def test_an_emulator_tells_no_latency(source: ModuleSource, monkeypatch: pytest.MonkeyPatch) -> None:
    report = _export(source, monkeypatch, emulated=True).reports["apart"]
    assert report.latency_ms is None
    assert report.verdict == "pass"
    assert json.loads(report.to_json())["latency_ms"] is None
    assert "emulator" in " ".join(report.notes)


@pytest.mark.usefixtures("instant_capture")
def test_a_target_that_is_not_here_is_marked_as_not_run(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = _export(source, monkeypatch, lacking="no such device")
    _, apart = bundle.manifest.variants
    assert apart.measured is None
    assert "Not run on" in _notes(bundle)
    assert "no such device" in _notes(bundle)
    files = open_bundle(bundle.save(tmp_path / "two.edge"))
    assert [variant.target for variant in measurable(files.manifest)] == ["cpu"]
    with pytest.raises(IncompatibleRuntimeError, match="engine-apart"):
        measurable(replace(files.manifest, variants=(apart,)))


@pytest.mark.usefixtures("instant_capture")
def test_golden_vectors_are_replayed_in_a_worker(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed = _export(source, monkeypatch).packed
    manifest = replace(packed.manifest, variants=packed.manifest.variants[1:])  # none runs in this process
    kept = {name: entry for name, entry in manifest.files.items() if name != "model.onnx"}
    files = {name: packed.files[name] for name in kept}
    folder = tmp_path / "apart.edge"
    save(replace(packed, manifest=replace(manifest, files=kept), files=files), folder)
    assert all(result.ok for result in golden_check(open_bundle(folder)).results)


@pytest.mark.usefixtures("instant_capture")
def test_a_target_that_refuses_the_model_does_so_before_another_is_searched(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(target: Target, *its: Any) -> LoweredGraphs:
        if target.name == "cpu-1.21":
            raise ModelError("not for it")
        return lower_for(target, *its)

    monkeypatch.setattr(pipeline, "lower_for", refusing)
    monkeypatch.setattr(Chooser, "best", lambda _: pytest.fail("a search before all targets were asked"))
    with pytest.raises(ModelError, match="not for it"):
        pipeline.run(source, Request.read(["cpu", "cpu-1.21"], {"cosine": 0.98}, FASTEST), Silent())


def test_installing_an_unknown_target_is_refused(refused: Callable[..., str]) -> None:
    assert "toaster" in refused("targets", "--install", "toaster")
    assert main(["targets", "--install", "cpu"]) == 0


def test_the_targets_are_a_mapping_by_their_names() -> None:
    assert isinstance(TARGETS, Mapping)
    assert all(name == target.name for name, target in TARGETS.items())
