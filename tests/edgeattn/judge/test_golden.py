from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.judge.golden import (
    ERROR_ALLOWED,
    FEW_SAMPLES,
    GOLDEN_SAMPLES,
    LEAST_ERROR,
    NO_NUMBER,
    Golden,
    golden_vectors,
)
from edgeattn_runtime.bundle.golden import GoldenVectors, replay
from edgeattn_runtime.graph import Tensor

Arrays = Mapping[str, NDArray[Any]]
INPUTS = tuple({"x": np.ones((1, length), "float32")} for length in range(2, 12))


OUTPUTS = (Tensor("y", "float64", ("batch", 2)), Tensor("z", "float64", ("batch",)))


class Moved:
    """Answers with an offset of 10 that varies by the input's length, off by shares of that spread."""

    def __init__(self, error: float = 0.0) -> None:
        self._error = error

    def __call__(self, inputs: Arrays) -> Arrays:
        length = inputs["x"].shape[1] - 6.5  # from -4.5 to 4.5
        y = np.array([[10 + length, 10 + 0.01 * length]])
        spread = np.std(np.arange(10))
        return {
            "y": y + self._error * spread * np.array([1, 0.01]),
            "z": np.array([10 + length]) + 3 * self._error * spread,
        }

    def bind(self, inputs: Arrays) -> Callable[[], object]:
        return lambda: self(inputs)


def _golden(error: float) -> Golden:
    return Golden.of(_vectors(), Moved(error))


def _vectors() -> GoldenVectors:
    return golden_vectors(OUTPUTS, Moved(), INPUTS, INPUTS)


def test_they_span_the_inputs_and_hold_the_originals_answers() -> None:
    golden = _vectors()
    lengths = [sample.inputs["x"].shape[1] for sample in golden.samples]
    assert len(lengths) == GOLDEN_SAMPLES
    assert (lengths[0], lengths[-1]) == (2, 11)
    assert golden.samples[0].outputs["z"].tolist() == [5.5]


def test_fewer_are_kept_of_inputs_that_take_much_room() -> None:
    large = [{"x": np.ones((1, length + 9000), "float32")} for length in range(10)]
    tensors = (Tensor("y", "float64", ("batch",)),)
    golden = golden_vectors(tensors, lambda x: {"y": x["x"].sum(axis=1)}, large, large)
    assert len(golden.samples) == FEW_SAMPLES
    assert {golden.samples[i].inputs["x"].shape[1] for i in (0, -1)} == {9000, 9009}


def test_a_spread_is_that_of_each_channel() -> None:
    spreads = _vectors().spreads
    np.testing.assert_allclose(spreads["z"], np.std(np.arange(10)), rtol=1e-6)
    assert spreads["z"].shape == ()
    assert (spreads["y"].shape, spreads["y"].dtype) == ((2,), np.float32)


PLANES = (1, 21, 256, 256)  # as of a segmentation


def _planes() -> tuple[GoldenVectors, Arrays]:
    """Return one golden sample, of planes whose scales reach from 0.3 to 30, and its answer."""
    scales = np.geomspace(0.3, 30, 21).reshape(1, 21, 1, 1)
    drawn = np.random.default_rng(0).standard_normal((2, *PLANES), "float32")
    answers = [{"y": (each * scales).astype("float32")} for each in drawn]
    inputs = [{"x": np.full((1, 1), i, "float32")} for i in range(2)]
    tensors = (Tensor("y", "float32", PLANES),)
    vectors = golden_vectors(tensors, lambda x: answers[int(x["x"][0, 0])], inputs, inputs)
    return replace(vectors, samples=vectors.samples[:1]), answers[int(vectors.samples[0].inputs["x"][0, 0])]


def test_a_spread_of_many_channels_is_of_bounded_size() -> None:
    spread = _planes()[0].spreads["y"]
    assert spread.dtype == np.float32
    assert sorted(spread.shape) == [1, 1, 21, 256]
    assert spread.shape[1] == 21


def test_one_wrong_plane_is_seen_by_a_spread_of_bounded_size() -> None:
    vectors, answer = _planes()
    (right,) = replay(lambda x: answer, vectors, tolerance={"y": LEAST_ERROR})
    assert right.error == 0
    for plane in range(21):
        wrong = {"y": answer["y"].copy()}
        wrong["y"][0, plane] *= -1
        (result,) = replay(lambda x, y=wrong: y, vectors, tolerance={"y": LEAST_ERROR})
        assert not result.ok


def test_a_device_may_be_somewhat_farther_off_than_what_was_seen_here() -> None:
    golden = _golden(0.1)
    assert golden.tolerance["z"] == pytest.approx(ERROR_ALLOWED * 0.3, abs=1e-6)
    assert golden.tolerance["y"] == pytest.approx(ERROR_ALLOWED * 0.1, abs=1e-6)
    assert golden.largest_tolerance == golden.tolerance["z"]
    for error, ok in ((0.1, True), (0.14, True), (0.15, False), (-0.15, False)):
        results = replay(lambda x, e=error: Moved(e)({"x": x}), golden.vectors, tolerance=golden.tolerance)
        assert all(result.ok is ok for result in results)


def test_even_an_exact_model_leaves_devices_a_little_room() -> None:
    assert _golden(0).tolerance == {"y": LEAST_ERROR, "z": LEAST_ERROR}


def test_an_answer_without_a_number_allows_nothing_sensible() -> None:
    class Nowhere(Moved):
        def __call__(self, inputs: Arrays) -> Arrays:
            return {**super().__call__(inputs), "z": np.array([np.nan])}

    assert Golden.of(_vectors(), Nowhere()).tolerance["z"] >= NO_NUMBER


def test_two_ways_are_allowed_the_larger_error() -> None:
    assert _golden(0.1).or_wider(_golden(0.2)).tolerance == _golden(0.2).tolerance
    assert _golden(0.2).or_wider(_golden(0.1)).tolerance == _golden(0.2).tolerance


@pytest.mark.parametrize("planted", ["twice", "always 3", "always 10", "a mean"])
def test_a_graph_that_answers_something_else_is_not_right(planted: str) -> None:
    answers: dict[str, Callable[[float], float]] = {
        "twice": lambda y: 2 * y,
        "always 3": lambda y: 3.0,
        "always 10": lambda y: 10.0,
        "a mean": lambda y: 9.9,
    }
    golden = _golden(0.05)

    def tampered(x: NDArray[Any]) -> Arrays:
        return {name: np.vectorize(answers[planted])(array) for name, array in Moved()({"x": x}).items()}

    results = replay(tampered, golden.vectors, tolerance=golden.tolerance)
    assert {result.output for result in results if not result.ok} == {"y", "z"}
