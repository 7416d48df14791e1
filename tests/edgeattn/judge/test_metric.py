from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeattn.judge.metric import MetricOfArrays
from edgeattn_export.capture.reference import Reference
from edgeattn_runtime.errors import ModelError

INPUTS = {"x": np.ones((1, 2), "float32")}
ANSWER = np.array([[5.0, 7.0]], "float32")


class Answering(nn.Module):
    def __init__(self, answer: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> object:
        return self.answer(x)


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
    on_arrays = MetricOfArrays(metric, Reference(Answering(answer)), INPUTS)
    assert on_arrays(dict.fromkeys(names, ANSWER), None) == 7.0


def test_a_transformers_output_keeps_its_attributes() -> None:
    from transformers.modeling_outputs import BaseModelOutput

    module = Answering(lambda x: BaseModelOutput(last_hidden_state=x))
    on_arrays = MetricOfArrays(lambda out, target: out.last_hidden_state.max(), Reference(module), INPUTS)
    assert on_arrays({"last_hidden_state": ANSWER}, None) == 7.0


def test_the_target_goes_to_the_metric() -> None:
    on_arrays = MetricOfArrays(lambda out, target: float(target), Reference(Answering(lambda x: x)), INPUTS)
    assert on_arrays({"output": ANSWER}, torch.tensor(3)) == 3.0


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (
            lambda out, target: out.nothing,
            r"failed at test_metric\.py, line \d+: AttributeError: .*; the samples came without targets",
        ),
        (lambda out, target: "high", "failed: ValueError"),
        (lambda out, target: float("nan"), "returned nan; expected a finite number"),
    ],
)
def test_a_metric_that_fails_is_told_in_a_line(metric: Callable[..., float], told: str) -> None:
    on_arrays = MetricOfArrays(metric, Reference(Answering(lambda x: x)), INPUTS)
    with pytest.raises(ModelError, match=told):
        on_arrays({"output": ANSWER}, None)


def test_targets_that_are_there_are_not_blamed() -> None:
    on_arrays = MetricOfArrays(lambda out, target: target["foo"], Reference(Answering(lambda x: x)), INPUTS)
    with pytest.raises(ModelError, match=r"line \d+: KeyError: 'foo'$"):
        on_arrays({"output": ANSWER}, {})
