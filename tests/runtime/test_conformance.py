"""Every case of runtime/conformance/cases.json holds, and make.py writes those very bundles."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import edgeattn_runtime
from edgeattn_runtime import BundleError, IncompatibleRuntimeError, Model, generate, load
from edgeattn_runtime.golden import check
from edgeattn_runtime.similarity import cosine

CONFORMANCE = Path(__file__).parents[2] / "runtime" / "conformance"
CASES: list[dict[str, Any]] = json.loads((CONFORMANCE / "cases.json").read_text("utf-8"))
CALLS = [(case["bundle"], call) for case in CASES for call in case["calls"]]
RUNS = [(case["bundle"], run) for case in CASES for run in case["generate"]]


def _verdict(bundle: Path) -> tuple[str, str | None]:
    try:
        model = load(bundle)
        for name in model.manifest.graphs:
            model.graph(name)
        results = check(model)
    except BundleError:
        return "refused", "BundleError"
    except IncompatibleRuntimeError:
        return "incompatible", "IncompatibleRuntimeError"
    return "accepted" if all(result.ok for result in results) else "golden-fails", None


def _array(tensor: dict[str, Any]) -> NDArray[Any]:
    return np.array([float(n) if n == "NaN" else n for n in tensor["data"]], tensor["dtype"]).reshape(
        tensor["shape"]
    )


def _arrays(tensors: dict[str, Any]) -> dict[str, NDArray[Any]]:
    return {name: _array(tensor) for name, tensor in tensors.items()}


def _graph(bundle: str, call: dict[str, Any]) -> Model:
    model = load(CONFORMANCE / bundle)
    return model.graph(call.get("graph", model.manifest.main_graph))


def test_the_cases_are_of_every_bundle() -> None:
    bundles = [case["bundle"] for case in CASES]
    assert sorted(bundles) == sorted(path.name for path in CONFORMANCE.glob("*.edge"))
    assert len({case["why"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["bundle"])
def test_verdict(case: dict[str, Any]) -> None:
    assert _verdict(CONFORMANCE / case["bundle"]) == (case["verdict"], case["error"])


@pytest.mark.parametrize(("bundle", "call"), CALLS)
def test_call(bundle: str, call: dict[str, Any]) -> None:
    graph, inputs = _graph(bundle, call), _arrays(call["inputs"])
    if "error" in call:
        with pytest.raises(getattr(edgeattn_runtime, call["error"])):
            graph(**inputs)
        return
    outputs = graph(**inputs)
    expected = _arrays(call["outputs"])
    assert outputs.keys() == expected.keys()
    for name, array in outputs.items():
        assert (array.dtype, array.shape) == (expected[name].dtype, expected[name].shape)
        assert cosine(array, expected[name]) >= call["tolerance"]["cosine"]


@pytest.mark.parametrize(("bundle", "run"), RUNS)
def test_greedy_generation(bundle: str, run: dict[str, Any]) -> None:
    def tokens() -> list[int]:
        start, most = run.get("start", ()), run["max_new_tokens"]
        prompt = run["prompt"] if "prompt" in run else _arrays(run["sources"])
        return list(generate(CONFORMANCE / bundle, prompt, start=start, max_new_tokens=most))

    if "error" in run:
        with pytest.raises(getattr(edgeattn_runtime, run["error"])):
            tokens()
    else:
        assert tokens() == run["tokens"]


def test_make_writes_the_same_bytes(tmp_path: Path) -> None:
    recorded = "encoder-decoder.edge"
    shutil.copytree(CONFORMANCE / recorded, tmp_path / recorded)
    for file in (*CONFORMANCE.glob("*.py"), CONFORMANCE / "translator.json"):
        shutil.copy(file, tmp_path)
    subprocess.run([sys.executable, "-B", str(tmp_path / "make.py")], check=True)
    assert _contents(tmp_path) == _contents(CONFORMANCE)


def _contents(folder: Path) -> dict[str, bytes]:
    paths = [*folder.glob("*.edge/**/*"), folder / "cases.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}
