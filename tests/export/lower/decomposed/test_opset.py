from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
from fixture_types import Plainly

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.decomposed.opset import OLDEST, write_at_opset
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import Recovered
from edgeattn_runtime.errors import QuantizeError

TOLERANCE = 1e-5  # of the output's scale


def test_a_decomposed_graph_is_one_of_the_older_opset(
    recovered: Recovered, samples: Samples, plainly: Plainly, scaled_error: Callable[..., float]
) -> None:
    model = recovered.model.clone()
    for rule in DECOMPOSED:
        apply(rule, model)
    write_at_opset(model, OLDEST)
    assert model.opset_imports[""] == OLDEST
    inputs = samples[0].inputs
    expected = ORT_CPU.runner(recovered.model)(inputs)
    assert scaled_error(expected, plainly(model)(inputs)) < TOLERANCE


def test_an_operator_that_it_lacks_is_named_with_its_module(recovered: Recovered) -> None:
    model = recovered.model.clone()
    with pytest.raises(QuantizeError, match="Attention"):
        write_at_opset(model, OLDEST)
    assert model.opset_imports[""] > OLDEST


@pytest.mark.parametrize(
    ("op_type", "dtype", "attributes", "named"),
    [
        ("Swish", ir.DataType.FLOAT, {}, ""),
        ("Cast", ir.DataType.FLOAT, {"to": 1, "round_mode": "up"}, "attribute round_mode"),
        ("Sin", ir.DataType.BFLOAT16, {}, "BFLOAT16"),
    ],
)
def test_what_a_later_opset_adds_is_told(
    op_type: str,
    dtype: ir.DataType,
    attributes: dict[str, int | str],
    named: str,
    operator: Callable[..., ir.Model],
) -> None:
    model = operator(op_type, [(dtype, ("batch", 8))], ("batch", 8), attributes)
    with pytest.raises(QuantizeError, match=rf"{op_type} in encoder.part \({named}"):
        write_at_opset(model, OLDEST)


def test_a_graph_of_that_opset_stays_as_it_is(operator: Callable[..., ir.Model]) -> None:
    model = operator("Sin", [(ir.DataType.FLOAT, ("batch", 8))], ("batch", 8))
    write_at_opset(model, 24)
    assert model.opset_imports[""] == 23
