from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.clipping import GRID, clip

BETTER = 0.8  # of the error without clipping, where one weight in hundreds is an outlier
SEVEN = Grid(-7, 7)
NOTHING = np.zeros(1, np.float32)
UNSEEN = Statistics(1, NOTHING, NOTHING, NOTHING, None)  # clipping looks at the weights alone

Floats = NDArray[np.float32]

weights = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-1e3, 1e3, width=32),
)


def _errors(linear: Linear) -> Floats:
    """Return the squared error of each channel, (1, N)."""
    return np.square(linear.dequantized - linear.weight).sum(0, keepdims=True)


@given(weights, st.sampled_from([7, 64, 127]), st.floats(0.01, 1))
def test_no_channel_is_ever_worse(weight: Floats, levels: int, smallest: float) -> None:
    plain = Linear(weight, None, Grid(-levels, levels))
    clipped = clip(plain, UNSEEN, smallest)
    assert (_errors(clipped) <= _errors(plain)).all()
    shares = clipped.steps / plain.grid.scale_of(weight)
    assert (shares <= 1).all()
    assert (shares >= np.float32(smallest) * (1 - 1e-6)).all()
    assert clipped.weight is weight


def test_an_outlier_is_clipped_where_its_channel_gains() -> None:
    weight = np.random.default_rng(0).standard_normal((512, 2)).astype(np.float32)
    weight[7, 0] = 6.0
    plain = Linear(weight, None, SEVEN)
    clipped = clip(plain, UNSEEN, 0.3)
    assert _errors(clipped)[0, 0] < BETTER * _errors(plain)[0, 0]
    assert np.abs(clipped.rounded).max() == 7


def test_each_channel_gets_the_best_of_the_grid() -> None:
    weight = np.random.default_rng(1).standard_normal((64, 5)).astype(np.float32)
    plain = Linear(weight, None, SEVEN)
    clipped = clip(plain, UNSEEN, 0.5)
    tried = [
        _errors(Linear(weight, None, SEVEN, scale=plain.steps * share))
        for share in np.linspace(1, 0.5, GRID, dtype=np.float32)
    ]
    np.testing.assert_array_equal(_errors(clipped), np.min(tried, axis=0))


def test_a_channel_of_zeros_keeps_its_scale() -> None:
    weight = np.zeros((8, 3), np.float32)
    weight[:, 1] = 1
    clipped = clip(Linear(weight, None), UNSEEN, 0.5)
    np.testing.assert_array_equal(clipped.steps[0, [0, 2]], [1, 1])
    assert not clipped.rounded[:, [0, 2]].any()


def test_each_block_has_a_scale_of_its_own() -> None:
    weight = np.random.default_rng(3).standard_normal((64, 5)).astype(np.float32)
    clipped = clip(Linear(weight, None, Grid.whole(4, 16)), UNSEEN, 0.5)
    alone = [clip(Linear(part, None, Grid.whole(4, 16)), UNSEEN, 0.5).steps for part in np.split(weight, 4)]
    np.testing.assert_array_equal(clipped.steps, np.concatenate(alone))
    assert len(np.unique(np.abs(clipped.steps / clipped.grid.scale_of(weight)))) > 1
