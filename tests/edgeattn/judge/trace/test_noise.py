from __future__ import annotations

import numpy as np
import pytest

from edgeattn.judge.noise import Noise, relative_error


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
