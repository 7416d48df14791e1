"""A graph that answers something else than its golden vectors passes no check, and is installed nowhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgeattn_runtime import CheckFailed, install, load
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.golden import read_golden, write_golden

Relist = Callable[[Path, str], BundleFiles]
OUTPUT, MODEL, GOLDEN = "embedding", "model.onnx", "golden.safetensors"


def _tamper(bundle: Path, scale: float, offset: float, relist: Relist) -> None:
    """Have the graph answer ``scale * y + offset``."""
    model = ir.from_proto(onnx.load(bundle / MODEL))
    output = model.graph.outputs[0]
    inner, output.name = output.producer(), "whole"
    tape = ir.tape.Tape()
    factor, added = (ir.tensor(np.float32(number)) for number in (scale, offset))
    values = [tape.op("Constant", [], {"value": each}) for each in (factor, added)]
    answer = ir.val(OUTPUT, ir.DataType.FLOAT, output.shape)
    tape.op("Add", [tape.op("Mul", [output, values[0]]), values[1]], output=answer)
    assert inner is not None
    model.graph.extend(tape.nodes)
    model.graph.outputs[0] = answer
    (bundle / MODEL).write_bytes(ir.to_proto(model).SerializeToString())
    relist(bundle, MODEL)


def _shift_golden(bundle: Path, offset: float, relist: Relist) -> None:
    """Have the golden vectors expect an offset, which decides a cosine alone."""
    golden = read_golden(relist(bundle, GOLDEN))
    samples = tuple(
        replace(each, outputs={OUTPUT: each.outputs[OUTPUT] + np.float32(offset)}) for each in golden.samples
    )
    write_golden(bundle / GOLDEN, replace(golden, samples=samples))
    relist(bundle, GOLDEN)


@pytest.mark.parametrize(
    ("expected", "scale", "offset", "ok"),
    [
        (0, 1, 0, True),
        (10, 1, 10, True),
        (0, 2, 0, False),  # twice
        (3, 0, 3, False),  # always 3
        (10, 0, 10, False),  # always 10
        (10, -1, 10, False),  # 10 - y
    ],
)
def test_a_graph_that_answers_something_else_is_refused(
    good: Path, tmp_path: Path, relist: Relist, expected: float, scale: float, offset: float, ok: bool
) -> None:
    _shift_golden(good, expected, relist)
    _tamper(good, scale, offset, relist)
    with load(good) as model:
        assert all(result.ok for result in model.check()) is ok
    place = tmp_path / "apps" / "x.edge"
    if ok:
        assert install(good, over=place)
        shutil.rmtree(place)
        return
    with pytest.raises(CheckFailed, match="miss the tolerance"):
        install(good, over=place)
    assert not place.exists()
