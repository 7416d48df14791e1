from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.timing import steps_note
from edgeattn.results.latency import FLOAT, INT8, Conditions, Race
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.timing.latency import Latency

Arrays = Mapping[str, NDArray[Any]]
GRAPH = Graph((Tensor("x", "float32", ("batch", "sequence")),), ())
INPUTS = [{"x": np.zeros((1, length), "float32")} for length in (9, 2, 5)]


class Sleeping:
    """A runner that takes a while."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, inputs: Arrays) -> Arrays:
        return inputs

    def bind(self, inputs: Arrays) -> Callable[[], object]:
        return lambda: time.sleep(self.seconds)


def test_int8_is_compared_with_float_graphs_of_its_own_form() -> None:
    latency = {FLOAT: Latency(1.0, 1.0, 1.0, 9), INT8: Latency(1.25, 1.5, 2.0, 9)}
    before = Race(latency, Conditions(threads=1, shape={"batch": 1}, samples=3, rounds=9))
    said = steps_note(before, Sleeping(0.001), Sleeping(0.003), INPUTS, GRAPH)
    assert said.startswith("Int8 is not faster than the float export here: 1.25 ms to 1.")
    ratio = re.search(r"take (\d\.\d\d) times as long in float", said)
    assert ratio is not None
    assert float(ratio[1]) > 1.2  # three are slept where int8 sleeps one
