from __future__ import annotations

import numpy as np
import pytest

from edgeattn.reporting import scale_note


def test_a_notable_difference_gets_a_scale() -> None:
    outputs = [np.array([-0.24, 0.03, -np.inf], np.float32), np.array([[0.07, np.nan]], np.float32)]
    (note,) = scale_note(0.017, outputs)
    assert " 0.24 " in note


@pytest.mark.parametrize("difference", [0.0, 0.2])
def test_a_small_one_needs_none(difference: float) -> None:
    assert scale_note(difference, [np.array([24.0])]) == ()
