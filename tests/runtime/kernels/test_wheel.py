"""Bundles with nodes for kernels, with edgeattn-kernels installed: ``make kernels`` does it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from edgeattn_runtime import BundleError, __version__, load
from edgeattn_runtime.bundle.golden import check, read_golden
from edgeattn_runtime.engine.kernels import CHOICE, DOMAIN_VERSION
from edgeattn_runtime.engine.session import open_session

edgeattn_kernels = pytest.importorskip("edgeattn_kernels", reason="make kernels installs it")

ROOT = Path(__file__).parents[3]
PROVIDERS = ("CPUExecutionProvider",)
EXPORTED = {
    "RegisterCustomOps",
    "edgeattn_kernels_choices",
    "edgeattn_kernels_domain_version",
    "edgeattn_kernels_instruction_set",
    "edgeattn_kernels_version",
}


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are taken on any CPU."""
    monkeypatch.setenv(CHOICE, "always")


def test_what_the_package_tells() -> None:
    assert edgeattn_kernels.library().is_file()
    assert (edgeattn_kernels.version(), edgeattn_kernels.domain_version()) == (__version__, DOMAIN_VERSION)
    assert all(line.split(":")[0].count(" x ") == 1 for line in edgeattn_kernels.choices())
    assert edgeattn_kernels.has_dot_products() == ("with dot products" in edgeattn_kernels.instruction_set())


def test_the_library_exports_no_more_than_it_must() -> None:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", edgeattn_kernels.library()], capture_output=True, text=True, check=True
    )
    assert {line.split()[-1] for line in listed.stdout.splitlines()} == EXPORTED


def test_a_missing_compiler_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler -O2")
    asking = "import compiler_first; compiler_first.get_requires_for_build_wheel()"
    backend = ROOT / "runtime" / "kernels" / "backend"
    asked = subprocess.run(
        [sys.executable, "-c", asking], cwd=backend, capture_output=True, text=True, check=False
    )
    assert (asked.returncode, asked.stdout, asked.stderr.count("\n")) == (1, "", 1)
    assert asked.stderr.startswith("C++ compiler no-such-compiler not found; install one")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_bundle_is_right_with_and_without(conformance: Path, threads: int) -> None:
    for taken in (True, False):
        model = load(conformance / "kernels.edge", threads=threads, kernels=taken)
        assert (model.kernels.library is not None) == taken
        assert all(result.ok for result in check(model))


@pytest.mark.parametrize(("options", "expected"), [({"edgeattn.kernels": 1}, 2), ({}, 0)])
def test_sessions_run_what_they_say(
    options: dict[str, int], expected: int, conformance: Path, tmp_path: Path
) -> None:
    model = load(conformance / "kernels.edge")
    session = open_session(
        conformance / "kernels.edge" / "model.onnx",
        providers=PROVIDERS,
        options=options,
        profile=tmp_path / "profile",
    )
    session.run(None, dict(read_golden(model.files).samples[0].inputs))
    events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    ran = Counter(event["args"]["op_name"] for event in events if event["name"].endswith("_kernel_time"))
    assert ran["Int8Linear"] == expected
    assert bool(ran["DynamicQuantizeMatMul"]) == (not expected)


@pytest.mark.parametrize("taken", [True, False])
def test_a_node_whose_weight_does_not_fit_is_refused_in_words(taken: bool, conformance: Path) -> None:
    with pytest.raises(BundleError, match=r"Int8Linear.*export (the model )?again") as refusal:
        check(load(conformance / "kernels-shape.edge", kernels=taken))
    assert "\n" not in str(refusal.value)


@pytest.mark.filterwarnings("ignore:without kernels:RuntimeWarning")
def test_another_version_runs_functions(conformance: Path) -> None:
    model = load(conformance / "kernels-99.edge")
    assert model.kernels.library is None
    assert all(result.ok for result in check(model))
