from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeattn.judge.metric import MetricOfArrays
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.errors import ModelError

INPUTS = {"x": np.ones((1, 2), "float32")}
ANSWER = np.array([[5.0, 7.0]], "float32")


class Answering(nn.Module):
    def __init__(self, answer: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> object:
        return self.answer(x)


def captured(answer: Callable[[Tensor], object], passed: Mapping[str, str] = MappingProxyType({})) -> Any:
    """Return what a metric reads of a captured module."""
    return SimpleNamespace(reference=Reference(Answering(answer)), passed=passed)


def sample(target: object = None, x: float = 1) -> Sample:
    return Sample({"x": np.full((1, 2), x, "float32")}, target, number=7)


@pytest.mark.parametrize(
    ("answer", "names", "metric"),
    [
        (lambda x: x, ["output"], lambda outputs, target: outputs.max()),
        (lambda x: (x, x), ["output_0", "output_1"], lambda outputs, target: outputs[1].max()),
        (lambda x: {"logits": x}, ["logits"], lambda outputs, target: outputs["logits"].max()),
    ],
)
def test_outputs_come_as_the_module_gives_them(
    answer: Callable[[Tensor], object], names: list[str], metric: Callable[..., float]
) -> None:
    on_arrays = MetricOfArrays(metric, captured(answer), INPUTS)
    assert on_arrays(dict.fromkeys(names, ANSWER), sample()) == 7.0


def test_what_comes_back_unchanged_is_the_samples_own() -> None:
    answering = captured(lambda x: {"x": x, "y": [x + 1, None]}, {"x": "x"})
    on_arrays = MetricOfArrays(lambda out, target: out["x"].sum() + out["y"][0].sum(), answering, INPUTS)
    assert on_arrays({"y.0": ANSWER}, sample()) == 14.0
    assert on_arrays({"y.0": ANSWER}, sample(x=5)) == 22.0


def test_a_transformers_output_keeps_its_attributes() -> None:
    from transformers.modeling_outputs import BaseModelOutput

    answering = captured(lambda x: BaseModelOutput(last_hidden_state=x))
    on_arrays = MetricOfArrays(lambda out, target: out.last_hidden_state.max(), answering, INPUTS)
    assert on_arrays({"last_hidden_state": ANSWER}, sample()) == 7.0


def test_the_target_goes_to_the_metric() -> None:
    on_arrays = MetricOfArrays(lambda out, target: float(target), captured(lambda x: x), INPUTS)
    assert on_arrays({"output": ANSWER}, sample(torch.tensor(3))) == 3.0


@pytest.mark.parametrize(
    ("metric", "named"),
    [
        (
            lambda out, target: out.nothing,
            r"^sample 7: metric\(outputs, target\) .*test_metric\.py, line \d+: AttributeError: .* targets",
        ),
        (lambda out, target: "high", "ValueError"),
        (lambda out, target: float("nan"), " nan"),
    ],
)
def test_a_metric_that_fails_is_told_in_a_line(metric: Callable[..., float], named: str) -> None:
    on_arrays = MetricOfArrays(metric, captured(lambda x: x), INPUTS)
    with pytest.raises(ModelError, match=named):
        on_arrays({"output": ANSWER}, sample())


def test_targets_that_are_there_are_not_blamed() -> None:
    on_arrays = MetricOfArrays(lambda out, target: target["foo"], captured(lambda x: x), INPUTS)
    with pytest.raises(ModelError, match=r"line \d+: KeyError: 'foo'$"):
        on_arrays({"output": ANSWER}, sample({}))
