from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed, producer
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize import Calibration, Quantized, Recipe, Treatment, quantize
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8
from edgeattn_export.quantize.forms.qdq.pair import STORING
from edgeattn_export.quantize.forms.qdq.whole import WholeQdq
from edgeattn_export.quantize.layers.ranges import ranges_of

WIDTH = 8
FLOOR = 1e-5  # of the energies
FORMS = Forms((QDQ8,), whole=WholeQdq())
FLOAT = ir.DataType.FLOAT
RNG = np.random.default_rng(drawn_seed(0))
# From faint to loud, as sound is: energies from 1e-5 to 1e3.
X = (RNG.standard_normal((64, WIDTH)) * np.geomspace(1e-3, 10, 64)[:, None]).astype(np.float32)

Written = Callable[..., ir.Model]


def _log_mel(written: Written, size: float = 1.0, *, read_besides: bool = False) -> ir.Model:
    """Return Log((size x)^2 bank + FLOOR) head, plus the energies where something else reads them."""
    bank = np.abs(np.random.default_rng(drawn_seed(1)).standard_normal((WIDTH, WIDTH))).astype(np.float32)
    head = np.random.default_rng(drawn_seed(2)).standard_normal((WIDTH, WIDTH)).astype(np.float32)

    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        waves = tape.op("Mul", [values["x"], embed(tape, np.float32(size), "size")])
        energies = tape.op("MatMul", [tape.op("Mul", [waves, waves]), embed(tape, bank, "bank")])
        floored = tape.op("Add", [energies, embed(tape, np.float32(FLOOR * size**2), "floor")])
        y = tape.op("MatMul", [tape.op("Log", [floored]), embed(tape, head, "head")])
        return tape.op("Add", [y, energies]) if read_besides else y

    model = written({"x": (FLOAT, ("rows", WIDTH))}, write)
    for i, node in enumerate(model.graph):
        node.name = f"{node.op_type}_{i}"
        for value in node.outputs:
            value.dtype, value.shape = FLOAT, ir.Shape(("rows", WIDTH))
    return model


def _quantized(model: ir.Model) -> Quantized:
    samples = Samples(tuple(Sample({"x": row[None]}, None) for row in X))
    calibration = Calibration(model, samples, ORT_QDQ, FORMS)
    return quantize(calibration, Recipe("all", (("*", Treatment(QDQ8.name)),), ()))


def _stored(model: ir.Model) -> tuple[ir.Model, tuple[str, ...]]:
    copy = model.clone()
    return copy, WholeQdq().store(copy, ranges_of(copy, [{"x": X}], ORT_QDQ))


def _error(actual: ir.Model, exact: ir.Model) -> float:
    y, expected = (ORT_QDQ.runner(model)({"x": X})["y"] for model in (actual, exact))
    return float(np.abs(y - expected).max() / np.abs(expected).max())


def _reads_stored(node: ir.Node) -> list[bool]:
    return [producer(value, "DequantizeLinear") is not None for value in node.inputs]


def test_what_a_logarithm_is_of_stays_float_and_its_answer_is_stored(written: Written) -> None:
    stored, reasons = _stored(_log_mel(written))
    by_operator = {node.op_type: node for node in stored.graph if node.op_type not in STORING}
    assert reasons == ()
    assert not any(_reads_stored(by_operator["Log"]))
    assert not any(any(_reads_stored(node)) for node in stored.graph if node.op_type == "Mul")
    head = [node for node in stored.graph if node.op_type == "MatMul"][-1]
    assert all(_reads_stored(head))


def test_small_energies_keep_their_logarithms(written: Written) -> None:
    model = _log_mel(written)
    assert _error(_stored(model)[0], model) < 1e-3


@pytest.mark.parametrize("size", [100.0, 1e-3], ids=["too large", "too small"])
def test_what_16_bit_floats_do_not_hold_is_stored_and_said(written: Written, size: float) -> None:
    model = _log_mel(written, size)
    stored, (reason,) = _stored(model)
    logarithm = next(node for node in stored.graph if node.op_type == "Log")
    assert all(_reads_stored(logarithm))
    assert reason.endswith("16-bit floats hold 6.0e-08 to 6.6e+04. Scale it.")
    assert _error(stored, model) > 0.1  # so much would be lost of what they do hold


def test_a_layer_before_a_logarithm_gets_no_form(written: Written) -> None:
    quantized = _quantized(_log_mel(written))
    assert [layer.form for layer in quantized.layers] == [QDQ8.name, "float"]
    assert quantized.notes == ()
    assert _error(quantized.model, _log_mel(written)) < 0.02


def test_the_reason_reaches_who_quantizes(written: Written) -> None:
    assert len(_quantized(_log_mel(written, 100.0)).notes) == 1


def test_what_is_read_besides_is_stored_there(written: Written) -> None:
    model = _log_mel(written, read_besides=True)
    stored, _ = _stored(model)
    last = list(stored.graph)[-3]
    assert last.op_type == "Add"
    assert all(_reads_stored(last))
    assert _error(stored, model) < 1e-3


def test_a_softmax_before_a_logarithm_reads_integers(written: Written) -> None:
    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        scores = tape.op(
            "Tanh", [values["x"]]
        )  # so near to one another that 16-bit floats hold their weights
        weights = tape.op("Softmax", [scores], {"axis": -1})
        scores.dtype = weights.dtype = FLOAT
        return tape.op("Log", [weights])

    model = written({"x": (FLOAT, ("rows", WIDTH))}, write)
    stored, _ = _stored(model)
    softmax, logarithm = (next(n for n in stored.graph if n.op_type == each) for each in ("Softmax", "Log"))
    assert (_reads_stored(softmax), _reads_stored(logarithm)) == ([True], [False])


def test_bound_sizes_store_nothing_of_it(written: Written) -> None:
    stored, _ = _stored(_log_mel(written))
    count = sum(node.op_type in STORING for node in stored.graph)
    WholeQdq().complete(stored)
    assert sum(node.op_type in STORING for node in stored.graph) == count
