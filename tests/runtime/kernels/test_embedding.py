"""The kernels' Embedding beside numpy, and what a session of it refuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from draws import drawn_seed

BATCH, LENGTH, WIDTH, ROWS = 2, 5, 24, 9
TOLERANCE = 2e-6  # of the largest value
IDS = (ir.DataType.INT64, None)
INPUTS = ["ids", "words", "scale", "places", "positions", "", "", "", "", "norm_scale", "norm_bias"]

random = np.random.default_rng(drawn_seed(0))
CONSTANTS = {
    "words": random.integers(-127, 128, (ROWS, WIDTH)).astype(np.int8),
    "scale": random.random((ROWS, 1)).astype(np.float32) / 64,
    "positions": random.standard_normal((LENGTH, WIDTH)).astype(np.float32),
    "norm_scale": random.standard_normal(WIDTH).astype(np.float32),
    "norm_bias": random.standard_normal(WIDTH).astype(np.float32),
}
FEED = {
    "ids": random.integers(-ROWS, ROWS, (BATCH, LENGTH)),
    "places": np.arange(LENGTH)[np.newaxis],
}
Open = Callable[..., onnxruntime.InferenceSession]


def _session(opened: Open, **constants: np.ndarray) -> onnxruntime.InferenceSession:
    declared = {"ids": IDS, "places": IDS}
    return opened("Embedding", INPUTS, CONSTANTS | constants, declared=declared, norm="layer", epsilon=1e-12)


def test_it_answers_as_numpy(opened: Open) -> None:
    (y,) = _session(opened).run(None, FEED)
    words = CONSTANTS["words"] * CONSTANTS["scale"].astype(np.float64)
    total = words[FEED["ids"]] + CONSTANTS["positions"][FEED["places"]]
    centered = total - total.mean(-1, keepdims=True)
    normed = centered / np.sqrt((centered**2).mean(-1, keepdims=True) + 1e-12)
    expected = normed * CONSTANTS["norm_scale"] + CONSTANTS["norm_bias"]
    assert np.abs(y - expected).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ({"ids": np.full((BATCH, LENGTH), ROWS)}, f"id {ROWS} for a table of {ROWS} rows"),
        ({"ids": np.full((BATCH, LENGTH), -ROWS - 1)}, f"id {-ROWS - 1} for a table"),
        ({"places": np.zeros((1, LENGTH - 1), np.int64)}, "do not repeat in"),
    ],
)
def test_ids_that_no_table_has_are_refused(feed: dict[str, np.ndarray], message: str, opened: Open) -> None:
    with pytest.raises(Exception, match=message):
        _session(opened).run(None, FEED | feed)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("words", np.zeros((ROWS, WIDTH), np.float32), "with a scale must be int8"),
        ("scale", np.zeros((ROWS - 1, 1), np.float32), "scale must be"),
        ("positions", np.zeros((LENGTH, WIDTH - 1), np.float32), "table must be"),
        ("norm_bias", np.zeros(WIDTH - 1, np.float32), "norm_bias must be"),
    ],
)
def test_tables_of_other_types_and_sizes_are_refused(
    name: str, value: np.ndarray, message: str, opened: Open
) -> None:
    with pytest.raises(Exception, match=message):
        _session(opened, **{name: value}).run(None, FEED)


def test_another_norm_is_refused(opened: Open) -> None:
    with pytest.raises(Exception, match="attribute norm is 'batch'; expected one of none, layer, rms"):
        opened(
            "Embedding",
            ["ids", "positions"],
            {"positions": CONSTANTS["positions"]},
            declared={"ids": IDS},
            norm="batch",
        )
