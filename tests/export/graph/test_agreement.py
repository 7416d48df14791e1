"""When answers are the same: per channel, whatever its offset and its neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.graph.agreement import Units

TOLERANCE = 1e-3
RNG = np.random.default_rng(drawn_seed(0))
# A channel that varies by 1, one with an offset, a small one, one of zeros, and large ones, which are most.
SPREADS = np.array([1, 1, 0.002, 0, *[100] * 6], np.float32)
OFFSETS = np.array([0, 300, 0, 0, *[0] * 6], np.float32)
ROWS = RNG.normal(size=(40, len(SPREADS))).astype(np.float32) * SPREADS + OFFSETS
UNITS = Units.of({"y": ("batch", len(SPREADS))}, [{"y": ROWS}])


def _reason(expected: object, actual: object, units: Units = UNITS) -> str | None:
    return units.disagreement({"y": np.asarray(expected)}, {"y": np.asarray(actual)}, TOLERANCE)


def _alone(expected: object, actual: object) -> str | None:
    """Compare a single answer of one channel."""
    return _reason(expected, actual, Units.of({"y": ()}, [{"y": np.asarray(expected)}]))


@pytest.mark.parametrize("share", [-0.5, 0.5])
def test_the_same_within_a_share_of_what_each_channel_varies_by(share: float) -> None:
    moved = ROWS + np.float32(share * TOLERANCE) * ROWS.std(axis=0)
    assert _reason(ROWS, moved) is None
    assert _reason(ROWS[:1], moved[:1]) is None
    assert _reason(ROWS, ROWS.astype(np.float64)) is None


def _with(channel: int, column: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = ROWS.copy()
    rows[:, channel] = column
    return rows


@pytest.mark.parametrize(
    ("channel", "column"),
    [
        (2, -ROWS[:, 2]),
        (2, ROWS[::-1, 2]),
        (2, np.where(np.arange(40) == 7, -ROWS[:, 2], ROWS[:, 2])),  # one row of all
        (2, np.zeros(40)),
        (1, ROWS[:, 1] + 0.01),  # 3e-5 of its offset
        (1, 600 - ROWS[:, 1]),
        (1, ROWS[:, 0] + 300),  # another's
        (0, -ROWS[:, 0]),
        (3, np.full(40, 1e-4)),
        (4, ROWS[:, 5]),
    ],
)
def test_a_wrong_channel_is_seen_beside_any_other(channel: int, column: NDArray[np.float32]) -> None:
    assert f"output 'y' differs in channel {channel} by" in (_reason(ROWS, _with(channel, column)) or "")


def test_a_channel_is_named_by_its_place_in_all_fixed_dims() -> None:
    rows = RNG.normal(size=(9, 3, 2)).astype(np.float32)
    units = Units.of({"y": ("batch", 3, 2)}, [{"y": rows}])
    wrong = rows.copy()
    wrong[4, 2, 1] += 1
    assert "differs in channel 2, 1 by" in (_reason(rows, wrong, units) or "")


def test_rounding_is_no_difference() -> None:
    neighbours = np.nextafter(ROWS, np.float32(np.inf))  # 300 has so many digits
    assert _reason(ROWS, np.where(ROWS == 0, ROWS, neighbours)) is None
    (number,) = np.array([[0.3]], np.float32)
    assert _alone(number, np.nextafter(number, np.float32(1))) is None


def test_few_numbers_are_measured_by_the_largest() -> None:
    near = np.array([[1.0, 5.0], [1.00001, -2.0]], np.float32)  # two samples, by chance alike in one channel
    units = Units.of({"y": ("batch", 2)}, [{"y": near}])
    assert _reason(near, near + np.float32(1e-5), units) is None
    assert _reason(near, near + np.float32(0.1), units) is not None


@pytest.mark.parametrize(
    ("expected", "actual", "reason"),
    [
        (ROWS, ROWS[0], "output 'y' has dims (10,), (40, 10) expected"),
        ([1.0, np.nan], [1.0, 2.0], "output 'y' holds NaN or infinity in other places"),
        ([1.0, 2.0], [1.0, np.inf], "output 'y' holds NaN or infinity in other places"),
        ([1.0, np.inf], [1.0, -np.inf], "output 'y' holds NaN or infinity in other places"),
        ([0.0, 0.0], [0.0, 0.5], "output 'y' differs by 5.0e-01 of its spread (1e-03 allowed)"),
        ([1, 2001], [1, 2004], "output 'y' differs by 3.0e-03 of its spread (1e-03 allowed)"),
        ([True, False], [True, True], "output 'y' differs by 2.0e+00 of its spread (1e-03 allowed)"),
    ],
)
def test_says_how_they_differ(expected: object, actual: object, reason: str) -> None:
    assert (_reason if expected is ROWS else _alone)(expected, actual) == reason


@pytest.mark.parametrize("value", [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, np.nan], [np.nan], []])
def test_what_both_hold_in_one_place_agrees(value: list[float]) -> None:
    assert _alone(value, value) is None


def test_the_first_output_that_differs_is_named() -> None:
    expected = {"a": np.ones(2), "b": np.ones(2)}
    units = Units.of({"a": (), "b": ()}, [expected])
    reason = units.disagreement(expected, {"a": np.ones(2), "b": np.zeros(2)}, TOLERANCE)
    assert (reason or "").startswith("output 'b'")


def test_answers_of_other_channels_count_for_nothing() -> None:
    units = Units.of({"y": ("batch", len(SPREADS))}, [{"y": ROWS}, {"y": ROWS[:, :4]}])
    np.testing.assert_array_equal(units.deviations["y"], UNITS.deviations["y"])


def test_a_difference_that_is_allowed_in_any_case() -> None:
    moved = ROWS + np.float32(0.01) * ROWS.std(axis=0)
    errors = UNITS.errors({"y": ROWS}, {"y": moved})
    np.testing.assert_allclose(errors["y"][SPREADS >= 1], 0.01, rtol=0.05)
    assert UNITS.disagreement({"y": ROWS}, {"y": moved}, TOLERANCE, {"y": 1.1 * errors["y"]}) is None
    reason = UNITS.disagreement({"y": ROWS}, {"y": moved}, TOLERANCE, {"y": 0.5 * errors["y"]})
    assert reason is not None
    assert "(5e-03 allowed)" in reason
