"""Digits in a page of headless Chromium, with the answers of plain Node."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import SWIFTSHADER, Way, answers, chromium

from edgeattn.results.report import Report
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.node_environment import NodeEnvironment
from edgeattn_export.targets.target import Target
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden, replay

WAYS = {
    "one thread": Way(),
    "two threads": Way(threads=2),
    "WebGPU": Way("ort.webgpu.min.mjs", ("webgpu", "wasm"), flags=SWIFTSHADER),
}


@pytest.fixture(scope="session")
def modules(web: Target) -> Path:
    """Where onnxruntime-web is installed, and Chromium too."""
    if chromium() is None:
        pytest.skip("no chromium on the PATH")
    host = web.engine.host
    assert isinstance(host, Elsewhere)
    assert isinstance(host.environment, NodeEnvironment)
    return host.environment.modules


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_page_reaches_the_golden_vectors(exported: tuple[Report, Path], modules: Path, way: Way) -> None:
    _, folder = exported
    said, found = answers(folder, modules, way)
    assert said["isolated"]
    assert said["threads"] == way.threads
    files = open_bundle(folder)
    golden = read_golden(files)
    calls = iter(range(len(golden.samples)))

    def answer(**_: object) -> dict[str, object]:
        prefix = f"{next(calls)}.output."
        return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}

    tolerance = next(each.tolerance for each in files.manifest.variants if each.target == "web")
    assert all(result.ok for result in replay(answer, golden, tolerance=tolerance))


def test_a_page_that_fails_says_why(exported: tuple[Report, Path], modules: Path) -> None:
    with pytest.raises(RuntimeError, match="no-such-provider"):
        answers(exported[1], modules, Way(providers=("no-such-provider",)))
