"""Rounding by the layer's output: what rounding one row of a weight does wrong, the rows after it put right.

Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
algorithm 1, with its rows in the order of falling activation (its "act-order") and its lazy blocks. Rows that
share a step have it from the start (its "static groups"), so that the order may part them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.layers.linear import Floats, Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique

Doubles = NDArray[np.float64]

BLOCK = 128  # rows whose corrections to the rows after them are gathered into one product


def round_by_output(linear: Linear, statistics: Statistics, damping: float) -> Linear:
    """Round a weight so that the layer's output moves least on the samples.

    Args:
        linear: The layer; its stored weight and scale are fixed.
        statistics: Of its input, with the Gram matrix.
        damping: Of the Gram matrix's mean diagonal, added to the diagonal. The larger, the nearer to
            rounding to the nearest; small ones fit the samples at the expense of other inputs.

    Raises:
        TypeError: The statistics hold no Gram matrix.
    """
    gram = linear.input_statistics(statistics).gram
    if gram is None:
        raise TypeError("rounding needs the Gram matrix of the layer's input")
    hessian = gram.astype(np.float64)
    order = np.argsort(-hessian.diagonal(), kind="stable")
    factor = _inverse_factor(hessian[np.ix_(order, order)], damping)
    if factor is None:  # nothing ever reached the layer
        return linear.settled()
    scale = linear.steps
    stored = np.empty(linear.weight.shape, np.int8)
    steps = linear.grid.of_rows(scale, len(order))  # (D, N)
    stored[order] = _rounded(linear.weight[order].astype(np.float64), steps[order], factor, linear.grid)
    return replace(linear, scale=scale, stored=stored)


def _inverse_factor(hessian: Doubles, damping: float) -> Doubles | None:
    """Return the upper Cholesky factor U of the damped inverse, U^T U, (D, D); None for a matrix of zeros.

    U is the inverse of R, upper too, where R R^T is the damped matrix: Cholesky, begun at the other end.
    The matrix itself is not inverted, which would take twice the time.
    """
    mean = hessian.diagonal().mean()
    if not mean > 0:
        return None
    # A sum in float32 may lack this much of being positive definite.
    damping = max(damping, len(hessian) * float(np.finfo(np.float32).eps))
    damped = hessian + damping * mean * np.eye(len(hessian))
    upper = torch.from_numpy(np.linalg.cholesky(damped[::-1, ::-1])[::-1, ::-1].copy())
    one = torch.eye(len(hessian), dtype=torch.float64)
    factor: Doubles = torch.linalg.solve_triangular(upper, one, upper=True).numpy()
    return np.ascontiguousarray(factor)


def _rounded(weight: Doubles, scale: Floats, factor: Doubles, grid: Grid) -> Doubles:
    """Round the rows of ``weight`` (D, N) in turn, changing those that follow; return them in steps."""
    stored = np.empty_like(weight)
    for start in range(0, len(weight), BLOCK):
        end = min(start + BLOCK, len(weight))
        errors = np.empty_like(weight[start:end])
        for row in range(start, end):
            stored[row] = np.clip(np.rint(weight[row] / scale[row]), grid.lowest, grid.highest)
            error = (weight[row] - stored[row] * scale[row]) / factor[row, row]
            weight[row + 1 : end] -= np.outer(factor[row, row + 1 : end], error)
            errors[row - start] = error
        weight[end:] -= factor[start:end, end:].T @ errors
    return stored


ROUNDING = Technique("rounding", round_by_output, by_gram=True)
