from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.progress import Silent
from edgeattn.source.module import ModuleSource
from edgeattn.source.original import recapture
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.errors import BundleError


@pytest.fixture
def files(folder: Path) -> BundleFiles:
    return open_bundle(folder)


@pytest.mark.usefixtures("instant_capture")
def test_a_model_is_captured_as_its_export_did(
    files: BundleFiles, source: ModuleSource, samples: SampleSplit, tokens_of: Callable[[Samples], object]
) -> None:
    stages: list[str] = []

    class Listener(Silent):
        def stage(self, name: str) -> None:
            stages.append(name)

    original = recapture(source, files, files.manifest.variants[0], progress=Listener())
    assert original.captured.graph == files.manifest.graphs["model"]
    assert tokens_of(original.samples.evaluation) == tokens_of(samples.evaluation)
    assert stages == ["samples", "capture"]


@pytest.mark.usefixtures("instant_capture")
def test_a_bundle_from_before_a_key_of_its_contract_is_recaptured(
    files: BundleFiles, source: ModuleSource
) -> None:
    graph = files.manifest.graphs["model"]
    inputs = tuple(replace(tensor, table_rows=None) for tensor in graph.inputs)
    assert inputs != graph.inputs
    older = replace(files.manifest, graphs={"model": replace(graph, inputs=inputs)})
    original = recapture(
        source, replace(files, manifest=older), files.manifest.variants[0], progress=Silent()
    )
    assert original.captured.graph == graph


@pytest.mark.usefixtures("instant_capture")
def test_another_model_is_refused(files: BundleFiles, source: ModuleSource) -> None:
    graph = files.manifest.graphs["model"]
    other = replace(files.manifest, graphs={"model": replace(graph, outputs=())})
    with pytest.raises(BundleError, match=source.name):
        recapture(source, replace(files, manifest=other), files.manifest.variants[0], progress=Silent())


def test_a_target_of_another_release_is_refused(files: BundleFiles, source: ModuleSource) -> None:
    strange = replace(files.manifest.variants[0], target="toaster")
    with pytest.raises(BundleError, match="'toaster'"):
        recapture(source, files, strange, progress=Silent())
