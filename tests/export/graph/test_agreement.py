from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.graph.agreement import disagreement

TOLERANCE = 1e-3
REFERENCE = np.array([[100.0, -2.0, 0.0]], np.float32)


def _reason(expected: object, found: object) -> str | None:
    return disagreement({"y": np.asarray(expected)}, {"y": np.asarray(found)}, TOLERANCE)


@pytest.mark.parametrize(
    "found",
    [
        REFERENCE,
        REFERENCE + np.float32(0.099),  # of a scale of 100
        REFERENCE.astype(np.float64),
    ],
)
def test_the_same_within_tolerance(found: object) -> None:
    assert _reason(REFERENCE, found) is None


@pytest.mark.parametrize(
    ("expected", "found", "reason"),
    [
        (REFERENCE, REFERENCE + 0.11, "output 'y' differs by 1.1e-03 of its scale (1e-03 allowed)"),
        (REFERENCE, REFERENCE[0], "output 'y' has dims (3,), (1, 3) expected"),
        ([1.0, np.nan], [1.0, 2.0], "output 'y' holds NaN or infinity in other places"),
        ([1.0, 2.0], [1.0, np.inf], "output 'y' holds NaN or infinity in other places"),
        ([1.0, np.inf], [1.0, -np.inf], "output 'y' holds NaN or infinity in other places"),
        ([0.0, 0.0], [0.0, 0.5], "output 'y' differs by 5.0e-01 of its scale (1e-03 allowed)"),
        ([1, 2000], [1, 2003], "output 'y' differs by 1.5e-03 of its scale (1e-03 allowed)"),
        ([True, False], [True, True], "output 'y' differs by 1.0e+00 of its scale (1e-03 allowed)"),
    ],
)
def test_says_how_they_differ(expected: object, found: object, reason: str) -> None:
    assert _reason(expected, found) == reason


@pytest.mark.parametrize("value", [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, np.nan], [np.nan], []])
def test_what_both_hold_in_one_place_agrees(value: list[float]) -> None:
    assert _reason(value, value) is None


def test_the_first_output_that_differs_is_named() -> None:
    expected = {"a": np.ones(2), "b": np.ones(2)}
    assert disagreement(expected, {"a": np.ones(2), "b": np.zeros(2)}, TOLERANCE).startswith("output 'b'")
