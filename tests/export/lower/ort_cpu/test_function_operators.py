"""Operators that the standard defines by others: which onnxruntime expands, and what they do to large means.

docs/operators.md has the table, whose figures this file prints when it is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_opkernel_def
from scipy.special import log_softmax, logsumexp, softmax

from edgeattn_export.capture.captured import OPSET
from edgeattn_export.lower.ort_cpu import ORT_CPU

PAGE = Path(__file__).parents[4] / "docs/operators.md"
SHAPE = (2, 6, 64)
CONSTANTS = np.linspace(-40, 40, 400, dtype=np.float32)
MEANS = (10, 100, 1000)
DRAWN = np.random.default_rng(drawn_seed(0)).standard_normal(SHAPE)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """An operator in ONNX's text, of ``x`` (2, 6, 64), and its formula."""

    text: str
    formula: Callable[[Array], Array]

    def session(self, *, lowered: bool = False) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
        """Return the operator in onnxruntime: as the standard has it, or as an export runs it."""
        ones, classes = ",".join("1" * 64), ",".join("3" * 128)
        proto = onnx.parser.parse_model(
            f"""<ir_version: 10, opset_import: ["" : {OPSET}]>
            g (float[batch, 6, 64] x) => (float y)
            <float[6] one = {{1, 1, 1, 1, 1, 1}}, float[6] zero = {{0, 0, 0, 0, 0, 0}},
            float[64] ones = {{{ones}}},
            int64[1] last = {{-1}}, int64[1] middle = {{30}}, int64[2, 64] class = {{{classes}}}>
            {{ {self.text} }}"""
        )
        proto.graph.output[0].type.tensor_type.ClearField("shape")
        model = ir.from_proto(onnx.shape_inference.infer_shapes(proto))
        engine = ORT_CPU if lowered else replace(ORT_CPU, needs=())
        runner = engine.runner(model)
        return lambda x: np.asarray(runner({"x": x})["y"])


def _normalized(axes: tuple[int, ...], epsilon: float = 1e-5) -> Callable[[Array], Array]:
    def formula(x: Array) -> Array:
        return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)

    return formula


def _groups(x: Array) -> Array:
    return _normalized((2,))(x.reshape(len(x), 2, -1)).reshape(x.shape)


def _picked(x: Array) -> Array:
    return np.asarray(-log_softmax(x, 1)[:, 3, :].mean())


EXPANDED = {
    "GroupNormalization": Case("y = GroupNormalization<num_groups=2>(x, one, zero)", _groups),
    "HardSwish": Case("y = HardSwish(x)", lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "Mish": Case("y = Mish(x)", lambda x: x * np.tanh(np.logaddexp(x, 0))),
    "CastLike": Case("y = CastLike(x, one)", lambda x: x),
    "CenterCropPad": Case("y = CenterCropPad<axes=[2]>(x, middle)", lambda x: x[..., 17:47]),
    "SoftmaxCrossEntropyLoss": Case("y = SoftmaxCrossEntropyLoss(x, class)", _picked),
    "NegativeLogLikelihoodLoss": Case(
        "y = NegativeLogLikelihoodLoss(x, class)", lambda x: np.asarray(-x[:, 3, :].mean())
    ),
}
BY_KERNEL = {
    "InstanceNormalization": Case("y = InstanceNormalization(x, one, zero)", _normalized((2,))),
    "LayerNormalization": Case("y = LayerNormalization(x, ones)", _normalized((2,))),
    "RMSNormalization": Case(
        "y = RMSNormalization(x, ones)", lambda x: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    ),
    "Softmax": Case("y = Softmax(x)", lambda x: softmax(x, -1)),
    "LogSoftmax": Case("y = LogSoftmax(x)", lambda x: log_softmax(x, -1)),
    "ReduceLogSumExp": Case("y = ReduceLogSumExp(x, last)", lambda x: logsumexp(x, -1, keepdims=True)),
    "Softplus": Case("y = Softplus(x)", lambda x: np.logaddexp(x, 0)),
    "MeanVarianceNormalization": Case(
        "y = MeanVarianceNormalization<axes=[0, 2]>(x)", _normalized((0, 2), 0)
    ),
}
# It divides 0 by 0 for a constant, as its formula does. Nothing that PyTorch exports has it.
DEFINED_FOR_CONSTANTS = {name for name in BY_KERNEL if name != "MeanVarianceNormalization"}
NO_NUMBERS = {"Bernoulli", "SequenceMap"}  # draws; runs a graph on each tensor of a list


def expanded() -> set[str]:
    """Return the operators of the opset that have a function, and no kernel of this onnxruntime's CPU."""
    kernels = [each for each in get_all_opkernel_def() if each.provider == "CPUExecutionProvider"]
    names = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if not schema.domain}
    found = set()
    for name in names:
        try:
            schema = onnx.defs.get_schema(name, OPSET, "")
        except onnx.defs.SchemaError:  # it came later
            continue
        versions = [each.version_range for each in kernels if each.op_name == name and not each.domain]
        has_kernel = any(first <= schema.since_version <= last for first, last in versions)
        if (schema.has_function or schema.has_context_dependent_function) and not has_kernel:
            found.add(name)
    return found


def error(case: Case, mean: float, *, lowered: bool = False) -> float:
    """Return the largest error of an answer, of its largest number or 1, for deviations of 1."""
    x = (mean + DRAWN).astype(np.float32)
    expected = case.formula(x.astype(np.float64))
    return float(np.abs(case.session(lowered=lowered)(x) - expected).max() / max(1, np.abs(expected).max()))


def undefined(case: Case, *, lowered: bool = False) -> int:
    """Return for how many of 400 constants from -40 to 40 an answer holds a NaN or an infinity."""
    session = case.session(lowered=lowered)
    return sum(not np.isfinite(session(np.full(SHAPE, each, np.float32))).all() for each in CONSTANTS)


def test_the_page_lists_what_onnxruntime_expands() -> None:
    assert expanded() == {*EXPANDED, *NO_NUMBERS}
    rows = re.findall(r"^\| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {*EXPANDED, *NO_NUMBERS, *BY_KERNEL} == set(rows) - {"Operator"}


@pytest.mark.parametrize("name", [*EXPANDED, *BY_KERNEL])
def test_what_an_export_runs_is_stable(name: str) -> None:
    case = {**EXPANDED, **BY_KERNEL}[name]
    for mean in MEANS:
        assert error(case, mean, lowered=True) < 1e-6 * mean
    if name in EXPANDED or name in DEFINED_FOR_CONSTANTS:
        assert undefined(case, lowered=True) == 0


def test_the_standards_own_function_of_groups_is_not() -> None:
    case = EXPANDED["GroupNormalization"]
    assert error(case, 1000) > 1e-3
    assert undefined(case) > 10


def rows() -> Iterator[str]:
    """Yield the table's figures."""
    for name, case in {**EXPANDED, **BY_KERNEL}.items():
        yield (
            f"| {name} | {undefined(case)} | "
            + " | ".join(f"{error(case, mean):.0e}" for mean in MEANS)
            + " |"
        )


if __name__ == "__main__":
    print("\n".join(rows()))
