from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.graph import Tensor


@pytest.fixture
def answered() -> Callable[..., OutputAnswers]:
    """A function that makes one sample's answer (batch, positions, D), without padding."""

    def make(expected: Any, actual: Any, target: object = None, **more: Any) -> OutputAnswers:
        expected, actual = (np.asarray(each, np.float64) for each in (expected, actual))
        positions = expected.shape[:-1]
        given = {
            "sample": Sample({"tokens": np.zeros(positions, np.int64)}, target, number=7),
            "tensor": Tensor("logits", "float32", ("batch", "sequence", expected.shape[-1])),
            "expected": expected.reshape(-1, expected.shape[-1]),
            "actual": actual.reshape(-1, actual.shape[-1]),
            "positions": positions,
            "counted": lambda array: array.ravel(),
            "original": None,
            "int8": None,
        }
        return OutputAnswers(**{**given, **more})

    return make
