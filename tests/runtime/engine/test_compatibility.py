from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest

from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.engine import system
from edgeattn_runtime.engine.compatibility import reachable, runnable
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError
from edgeattn_runtime.graph import Graph, Tensor


def _manifest(bundle: Path) -> Manifest:
    """Return a manifest without the variants for onnxruntime-web, which stand after each of the others."""
    manifest = open_bundle(bundle).manifest
    variants = tuple(variant for variant in manifest.variants if variant.target != "web")
    return replace(manifest, variants=variants)


@pytest.fixture
def preferred(conformance: Path) -> Manifest:
    return _manifest(conformance / "preferred.edge")


def _targets(manifest: Manifest, target: str | None = None) -> list[str]:
    return [variant.target for variant in runnable(manifest, target=target)]


def test_the_first_are_passed_over_where_they_do_not_run(preferred: Manifest) -> None:
    assert _targets(preferred) == ["cpu"]
    assert _targets(preferred, "cpu") == ["cpu"]


def test_a_provider_that_is_there_is_taken_first(
    preferred: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    available = ["UnheardOfExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: available)
    assert _targets(preferred) == ["gpu", "cpu"]


def test_what_each_variant_needs_is_told(preferred: Manifest) -> None:
    nowhere = replace(preferred, variants=preferred.variants[:3])
    with pytest.raises(IncompatibleRuntimeError) as caught:
        runnable(nowhere)
    for words in ("npu needs unheard-of 1", "future needs onnxruntime 99.0", "gpu needs UnheardOfExecution"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_package_that_brings_a_provider_is_told(preferred: Manifest) -> None:
    first = preferred.variants[2]
    engine = replace(first.engine, providers=("OpenVINOExecutionProvider",))
    manifest = replace(preferred, variants=(replace(first, engine=engine),))
    with pytest.raises(IncompatibleRuntimeError, match=r"onnxruntime-openvino.*CPUExecution"):
        runnable(manifest)


def test_what_all_buckets_lack_is_told_once(preferred: Manifest) -> None:
    first = preferred.variants[2]
    engine = replace(first.engine, providers=("XnnpackExecutionProvider",))
    buckets = tuple(replace(first, engine=engine, sizes={"sequence": size}) for size in (4, 8))
    with pytest.raises(IncompatibleRuntimeError) as caught:
        runnable(replace(preferred, variants=buckets))
    assert str(caught.value).count("XnnpackExecutionProvider") == 1
    assert "Debian's python3-onnxruntime" in str(caught.value)


def test_a_target_that_is_not_there(preferred: Manifest) -> None:
    with pytest.raises(BadInput, match=r"'web'.*npu, future, gpu, cpu"):
        runnable(preferred, target="web")


@pytest.mark.parametrize("installed", ["1.21.0", "1.21", "1.21.0rc1", "1.21.0.dev20250301", "1.30.1", "2.0"])
def test_new_enough(
    preferred: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str
) -> None:
    monkeypatch.setattr(system, "CPUINFO", tmp_path / "none")  # this machine's CPU may have AMX
    monkeypatch.setattr(onnxruntime, "__version__", installed)
    assert _targets(preferred) == ["cpu"]


@pytest.mark.parametrize("installed", ["1.20.9", "1.3", "0.99"])
def test_too_old(preferred: Manifest, monkeypatch: pytest.MonkeyPatch, installed: str) -> None:
    monkeypatch.setattr(onnxruntime, "__version__", installed)
    with pytest.raises(IncompatibleRuntimeError, match=rf"cpu .*onnxruntime 1\.21 .*{installed}"):
        runnable(preferred)


@pytest.mark.parametrize(
    ("installed", "flags", "providers", "runs"),
    [
        ("1.24.2", "avx2 amx_int8 amx_tile", ["CPUExecutionProvider"], False),
        ("1.25.0", "avx2 amx_int8 amx_tile", ["CPUExecutionProvider"], True),
        ("1.24.2", "avx2 avx512_vnni", ["CPUExecutionProvider"], True),
        ("1.24.2", "avx2 amx_int8", ["OtherExecutionProvider", "CPUExecutionProvider"], True),
    ],
)
def test_an_engine_that_multiplies_wrongly_on_amx_is_refused(
    installed: str,
    flags: str,
    providers: list[str],
    runs: bool,
    preferred: Manifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: Abacus\nflags\t\t: {flags}\n")
    monkeypatch.setattr(system, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(onnxruntime, "__version__", installed)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    last = preferred.variants[-1]
    variant = replace(last, engine=replace(last.engine, providers=tuple(providers)))
    manifest = replace(preferred, variants=(variant,))
    if runs:
        assert _targets(manifest) == ["cpu"]
    else:
        with pytest.raises(
            IncompatibleRuntimeError, match=r"1\.25 or newer on a CPU with amx_int8.*1\.24\.2"
        ):
            runnable(manifest)


def _asking(preferred: Manifest, version: str) -> Manifest:
    last = preferred.variants[-1]
    return replace(preferred, variants=(replace(last, engine=replace(last.engine, version=version)),))


def test_versions_of_any_length(preferred: Manifest) -> None:
    assert _targets(_asking(preferred, "0" * 5000 + "1.023.0.0")) == ["cpu"]
    with pytest.raises(IncompatibleRuntimeError, match=r" 9{500}"):
        runnable(_asking(preferred, "9" * 5000))


def test_a_version_costs_what_its_length_does(
    preferred: Manifest, growth: Callable[[Callable[[], object], Callable[[], object]], float]
) -> None:
    short, long = (_asking(preferred, "1" + ".0" * zeros + ".1") for zeros in (50_000, 200_000))
    assert _targets(long) == ["cpu"]
    assert growth(lambda: runnable(short), lambda: runnable(long)) < 9  # its square grows by 16


def test_generation_takes_dynamic_sizes_alone(conformance: Path) -> None:
    manifest = _manifest(conformance / "decoder.edge")
    (dynamic,) = manifest.variants
    step = replace(dynamic, target="step", sizes={"sequence": 1})
    assert _targets(replace(manifest, variants=(step, dynamic))) == ["cpu"]
    with pytest.raises(IncompatibleRuntimeError, match=r"step .*sequence 1"):
        runnable(replace(manifest, variants=(step,)))


def test_calls_reach_no_variant_behind_one_of_any_sizes(conformance: Path) -> None:
    manifest = _manifest(conformance / "buckets.edge")
    graph = manifest.graphs["model"]
    short, long, dynamic = manifest.variants
    assert list(reachable([short, dynamic, long], graph)) == [short, dynamic]
    unbound = Graph((Tensor("x", "float32", ("other",)),), ())
    assert list(reachable([short, long], unbound)) == [short]
