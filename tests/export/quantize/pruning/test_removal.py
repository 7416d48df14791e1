from __future__ import annotations

import numpy as np
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.pruning.removal import DAMPING, hessian_of, ranking, refitted, rows_of

ROWS, GROUPS, SIZE, CHANNELS = 400, 6, 4, 5

Doubles = NDArray[np.float64]


def _layer() -> tuple[Doubles, Doubles]:
    """Return inputs (R, D) that depend on one another, with means, and a weight (D, N)."""
    generator = np.random.default_rng(drawn_seed(0))
    width = GROUPS * SIZE
    mixed = generator.normal(size=(ROWS, width)) @ generator.normal(size=(width, width)) / np.sqrt(width)
    return mixed + 3, generator.normal(size=(width, CHANNELS))


def _statistics(x: Doubles, gram: NDArray[np.float32] | None) -> Statistics:
    low, high, mean = (each.astype(np.float32) for each in (x.min(0), x.max(0), x.mean(0)))
    return Statistics(len(x), low, high, mean, gram)


def _damped(x: Doubles) -> Doubles:
    """Return centered inputs, and rows behind them by which least squares are damped."""
    x = x - x.mean(0)
    damping = DAMPING * np.mean(np.sum(x**2, axis=0))
    return np.concatenate([x, np.sqrt(damping) * np.eye(x.shape[1])])


def _least_loss(x: Doubles, weight: Doubles, kept: NDArray[np.int64]) -> float:
    """Return what numpy's own least squares leave of the output's variance."""
    x = _damped(x)
    output = x @ weight
    fitted, *_ = np.linalg.lstsq(x[:, kept], output, rcond=None)
    return float(np.sum((x[:, kept] @ fitted - output) ** 2) / np.sum(output**2))


@pytest.fixture
def centered() -> tuple[Doubles, Doubles, Doubles]:
    """Inputs, a weight, and the Hessian."""
    x, weight = _layer()
    return x, weight, hessian_of(_statistics(x, (x.T @ x).astype(np.float32)), centered=True)


def test_a_group_alone_costs_what_least_squares_leave(centered: tuple[Doubles, Doubles, Doubles]) -> None:
    x, weight, hessian = centered
    alone = ranking(weight, hessian, GROUPS).alone
    for group in range(GROUPS):
        kept = np.setdiff1d(np.arange(GROUPS * SIZE), rows_of(np.array([group]), SIZE))
        assert alone[group] == pytest.approx(_least_loss(x, weight, kept), rel=0.001)


def test_what_goes_in_turn_costs_what_least_squares_leave(centered: tuple[Doubles, Doubles, Doubles]) -> None:
    x, weight, hessian = centered
    ranked = ranking(weight, hessian, GROUPS)
    assert sorted(ranked.order) == list(range(GROUPS))
    assert ranked.order[0] == ranked.alone.argmin()
    assert ranked.lost[-1] == pytest.approx(1)
    for removed in range(1, GROUPS):
        rows = rows_of(ranked.kept(removed), SIZE)
        assert ranked.lost[removed - 1] == pytest.approx(_least_loss(x, weight, rows), rel=0.001)


def test_what_stays_makes_up_for_what_is_gone(centered: tuple[Doubles, Doubles, Doubles]) -> None:
    x, weight, hessian = centered
    kept = rows_of(np.array([0, 2, 3, 5]), SIZE)
    damped = _damped(x)
    output = damped @ weight
    left = np.sum((damped[:, kept] @ refitted(weight, hessian, kept) - output) ** 2)
    assert left == pytest.approx(_least_loss(x, weight, kept) * np.sum(output**2), rel=0.001)
    assert left < 0.8 * np.sum((damped[:, kept] @ weight[kept] - output) ** 2)


def test_many_groups_go_in_few_rounds_and_the_idle_first() -> None:
    generator = np.random.default_rng(drawn_seed(1))
    x, weight = generator.normal(size=(2000, 320)), generator.normal(size=(320, 8))
    idle = np.arange(0, 320, 4)
    weight[idle] = 0
    hessian = hessian_of(_statistics(x, (x.T @ x).astype(np.float32)), centered=True)
    ranked = ranking(weight, hessian, 320)
    assert set(ranked.order[: len(idle)]) == set(idle)
    assert ranked.lost[len(idle) - 1] < 1e-9 < ranked.lost[len(idle)]
    assert (np.diff(ranked.lost) >= -1e-12).all()


def test_an_input_that_never_varies_costs_nothing_and_breaks_nothing() -> None:
    x = np.ones((50, 8))
    hessian = hessian_of(_statistics(x, (x.T @ x).astype(np.float32)), centered=True)
    ranked = ranking(np.ones((8, 3)), hessian, 2)
    assert np.isfinite(ranked.lost).all()
    assert np.isfinite(refitted(np.ones((8, 3)), hessian, np.arange(4))).all()


def test_without_a_gram_matrix_nothing_is_known() -> None:
    with pytest.raises(TypeError, match="Gram matrix"):
        hessian_of(_statistics(np.ones((4, 2)), None), centered=False)
