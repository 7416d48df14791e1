from __future__ import annotations

import pytest

from edgeattn_export.quantize.arithmetic.affine import step_and_zero


@pytest.mark.parametrize(("steps", "dtype"), [(255, "uint8"), (65535, "uint16")])
def test_a_range_of_activations_begins_and_ends_at_a_step(steps: int, dtype: str) -> None:
    for low, high in ((-1.0, 3.0), (0.0, 2.0), (0.5, 2.0), (-4.0, -1.0)):
        step, zero = step_and_zero(low, high, steps)
        assert zero.dtype == dtype
        assert (0 - float(zero)) * step == pytest.approx(min(low, 0), abs=float(step))
        assert (steps - float(zero)) * step == pytest.approx(max(high, 0), abs=float(step))
    assert step_and_zero(0.0, 0.0, steps) == (1, 0)
