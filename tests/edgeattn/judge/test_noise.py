from __future__ import annotations

import numpy as np
import pytest

from edgeattn.judge.noise import CEILING_DB, Noise, relative_error, snr_db


def test_the_error_is_the_root_of_noise_over_signal() -> None:
    assert relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.5])) == pytest.approx(0.1)
    assert relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == 0
    assert relative_error(np.zeros(2), np.ones(2)) == 1
    assert relative_error(np.zeros(2), np.zeros(2)) == 0


def test_a_number_that_is_lost_counts_as_zero_and_what_pytorch_lacks_not_at_all() -> None:
    for lost in (np.nan, np.inf, -np.inf):
        assert relative_error(np.array([3.0, 4.0]), np.array([3.0, lost])) == pytest.approx(0.8)
    assert relative_error(np.array([1.0, -np.inf]), np.array([1.0, -3e38])) == 0


def test_samples_add_up_by_their_energies() -> None:
    parts = [Noise.between(np.array([3.0]), np.array([3.0])), Noise.between(np.array([4.0]), np.array([4.5]))]
    assert Noise.sum(parts).error == pytest.approx(0.1)


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
