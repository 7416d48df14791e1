"""The optimal brain surgeon by groups: inputs of a linear layer go, and the rows that stay make up for them.

Before: f W + b
After:  f' W' + b'      f' the inputs that stay; W' = argmin |f' W' - f W|^2, b' likewise

Removing the rows S of W costs tr(W_S^T ((H^-1)_SS)^-1 W_S), H being the Hessian of the squared output error:
Hassibi and Stork 1993, "Second order derivatives for network pruning: Optimal Brain Surgeon"; by groups in
Frantar and Alistarh 2022, "Optimal Brain Compression", section 4; of heads and neurons in Kurtic et al. 2023,
"ZipLM", algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.quantize.layers.statistics import Statistics

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

DAMPING = 1e-2  # of the Hessian's mean diagonal: a weight moves little where inputs hardly ever reach
LEAST_DAMPING = 1e-12  # where no input ever varies
ROUNDS = 32  # at most, in each of which the least of the remaining groups go together


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a layer's groups of inputs are worth, as shares of its output's variance.

    Attributes:
        alone: (G) The loss where a single group is removed, and the others refitted.
        order: (G) The groups, the first to go first.
        lost: (G) What is lost where the first 1, 2, ... of them are removed.
    """

    alone: Doubles
    order: Ints
    lost: Doubles

    def kept(self, removed: int) -> Ints:
        """Return the groups that stay where so many are removed, in their own order."""
        return np.sort(self.order[removed:])


def hessian_of(statistics: Statistics, *, centered: bool) -> Doubles:
    """Return the damped Hessian (D, D) of a layer's squared output error, but for a factor.

    Args:
        statistics: Of its input, with the Gram matrix.
        centered: Whether a bias takes up the mean.

    Raises:
        TypeError: The statistics hold no Gram matrix.
    """
    if statistics.gram is None:
        raise TypeError("a removal needs the Gram matrix of the layer's input")
    hessian = statistics.gram.astype(np.float64)
    if centered:
        mean = statistics.mean.astype(np.float64)
        hessian -= statistics.rows * np.outer(mean, mean)
    damping = max(DAMPING * float(hessian.diagonal().mean()), LEAST_DAMPING)
    return hessian + damping * np.eye(len(hessian))


def ranking(weight: Doubles, hessian: Doubles, groups: int) -> Ranking:
    """Rank a layer's inputs in groups of equal size, side by side.

    Args:
        weight: (D, N)
        hessian: (D, D), see ``hessian_of``.
        groups: G, of D / G inputs each.
    """
    inverse, size = np.asarray(np.linalg.inv(hessian), np.float64), len(weight) // groups
    total = max(float(np.sum(weight * (hessian @ weight))), float(np.finfo(np.float64).tiny))
    remaining = np.arange(groups)
    at_once = -(-groups // ROUNDS)
    alone = costs = _costs(weight, inverse, size)
    order: list[int] = []
    lost: list[float] = []
    while len(remaining):
        going = np.argsort(costs, kind="stable")[:at_once]
        spent, weight, inverse = _without(weight, inverse, rows_of(going, size))
        before = lost[-1] if lost else 0.0
        lost += [before + spent / total * (i + 1) / len(going) for i in range(len(going))]
        order += remaining[going].tolist()
        remaining = np.delete(remaining, going)
        costs = _costs(weight, inverse, size)
    return Ranking(alone / total, np.array(order, np.int64), np.array(lost))


def refitted(weight: Doubles, hessian: Doubles, kept: Ints) -> Doubles:
    """Return the weight (K, N) of the inputs that stay, fitted to what all of them answered.

    Args:
        weight: (D, N)
        hessian: (D, D)
        kept: (K) inputs.
    """
    fitted = np.linalg.solve(hessian[np.ix_(kept, kept)], hessian[kept] @ weight)
    return np.asarray(fitted, np.float64)


def rows_of(groups: Ints, size: int) -> Ints:
    """Return the rows of groups that have ``size`` each."""
    rows: Ints = (groups[:, None] * size + np.arange(size)).ravel()
    return rows


def _costs(weight: Doubles, inverse: Doubles, size: int) -> Doubles:
    """Return what the removal of each group of ``size`` rows costs."""
    rows = np.arange(len(weight)).reshape(-1, size)  # (G, size)
    blocks = inverse[rows[:, :, None], rows[:, None, :]]  # (G, size, size)
    own = weight[rows]  # (G, size, N)
    costs: Doubles = np.sum(own * np.linalg.solve(blocks, own), axis=(1, 2))
    return costs


def _without(weight: Doubles, inverse: Doubles, rows: Ints) -> tuple[float, Doubles, Doubles]:
    """Return what the removal of rows costs, the weight of the others, and their inverse Hessian."""
    own, columns = weight[rows], np.delete(inverse, rows, axis=0)[:, rows]  # (S, N), (R, S)
    block = inverse[np.ix_(rows, rows)]  # (S, S)
    solved = np.linalg.solve(block, own)  # (S, N)
    staying = np.delete(np.delete(inverse, rows, axis=0), rows, axis=1)
    return (
        float(np.sum(own * solved)),
        np.delete(weight, rows, axis=0) - columns @ solved,
        staying - columns @ np.linalg.solve(block, columns.T),
    )
