from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn.measure.profile import ENGINES_OWN, convolutions, kernel_times, module_times, times_of
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import ResourceError


def test_shares_of_all_operators_sum_to_one(captured: Captured, samples: SampleSplit) -> None:
    times, modules = times_of(captured.model, ORT_CPU, [samples.selection[0].inputs])
    for shares in (times, modules):
        assert sum(shares.values()) == pytest.approx(1)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert times["MatMul"] > 0
    known = {module_of(node) for node in captured.model.graph.all_nodes()}
    assert modules.keys() - {ENGINES_OWN} <= known
    assert any(modules)  # not the model itself alone


def test_convolutions_are_counted_whatever_is_merged_with_them() -> None:
    assert convolutions({"FusedConv": 0.25, "Conv": 0.25, "MatMul": 0.5}) == np.float64(0.5)
    assert convolutions({"MatMul": 1.0}) == 0


def test_shares_of_modules_carry_their_paths(folder: Path, samples: SampleSplit) -> None:
    times = module_times(folder / "model.onnx", ORT_CPU, [samples.selection[0].inputs])
    assert sum(times.values()) == pytest.approx(1)
    assert list(times.values()) == sorted(times.values(), reverse=True)
    assert ENGINES_OWN not in times
    known = {module_of(node) for node in ir.load(folder / "model.onnx").graph.all_nodes()}
    assert times.keys() <= known
    assert any(times)  # not the model itself alone


def test_a_graph_of_another_format_names_no_modules(tmp_path: Path) -> None:
    assert module_times(tmp_path / "model.ort", ORT_CPU, []) == {}


@pytest.mark.parametrize("content", ["", '[{"cat" : "Session"'])
def test_a_profile_that_a_full_disk_cut_off_is_told(content: str, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(content)
    session = Mock(get_inputs=list, end_profiling=lambda: str(profile))
    with pytest.raises(ResourceError, match=r"profile\.json: a profile that ends early"):
        kernel_times(session, [{}])
