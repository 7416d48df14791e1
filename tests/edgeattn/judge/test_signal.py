from __future__ import annotations

import numpy as np
import pytest

from edgeattn.judge.noise import CEILING_DB, snr_db

SIGNAL = np.array([3.0, 4.0])


def test_a_tenth_of_the_signal_is_twenty_decibels() -> None:
    assert snr_db(SIGNAL, SIGNAL + np.array([0.5, 0.0])) == pytest.approx(20.0)
    assert snr_db(SIGNAL, -SIGNAL) == pytest.approx(-6.0206, abs=1e-4)


@pytest.mark.parametrize(
    ("signal", "found", "db"),
    [
        (SIGNAL, SIGNAL, CEILING_DB),
        (SIGNAL, SIGNAL + 1e-12, CEILING_DB),
        (np.zeros(2), np.zeros(2), CEILING_DB),
        (np.zeros(2), SIGNAL, -CEILING_DB),
        (SIGNAL, np.array([3.0, np.nan]), -CEILING_DB),
        (np.array([3.0, np.nan]), np.array([3.0, np.nan]), CEILING_DB),
        (np.array([3.0, -np.inf]), np.array([3.0, -np.inf]), CEILING_DB),
    ],
)
def test_the_corners_are_finite_numbers(signal: np.ndarray, found: np.ndarray, db: float) -> None:
    assert snr_db(signal, found) == db
