from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.judge.golden import GOLDEN_SAMPLES, LEAST_LOSS, LOSS_ALLOWED, golden_vectors
from edgeattn_runtime.golden import replay

ROUNDED = 1e-6
Arrays = Mapping[str, NDArray[Any]]
INPUTS = tuple({"x": np.ones((1, length), "float32")} for length in range(2, 12))


class Rotated:
    """Answers with a vector at an angle."""

    def __init__(self, angle: float) -> None:
        self._answer = {"y": np.array([np.cos(angle), np.sin(angle)])}

    def __call__(self, inputs: Arrays) -> Arrays:
        return self._answer

    def bind(self, inputs: Arrays) -> Callable[[], object]:
        return lambda: self._answer


def test_they_span_the_inputs_and_hold_the_originals_answers() -> None:
    golden = golden_vectors(Rotated(0), Rotated(0.1), INPUTS)
    lengths = [sample.inputs["x"].shape[1] for sample in golden.samples]
    assert len(lengths) == GOLDEN_SAMPLES
    assert (lengths[0], lengths[-1]) == (2, 11)
    assert all(sample.outputs["y"].tolist() == [1, 0] for sample in golden.samples)


def test_a_device_may_lose_somewhat_more_than_was_lost_here() -> None:
    angle = 0.2
    golden = golden_vectors(Rotated(0), Rotated(angle), INPUTS)
    assert golden.tolerance == pytest.approx(1 - LOSS_ALLOWED * (1 - np.cos(angle)), abs=ROUNDED)
    assert all(
        r.ok for r in replay(lambda **x: Rotated(angle)({}), golden.samples, tolerance=golden.tolerance)
    )
    assert not any(
        r.ok for r in replay(lambda **x: Rotated(0.3)({}), golden.samples, tolerance=golden.tolerance)
    )


def test_even_an_exact_model_leaves_devices_a_little_room() -> None:
    assert golden_vectors(Rotated(0), Rotated(0), INPUTS).tolerance == 1 - LEAST_LOSS
