"""Refit: before it is rounded, a weight that makes of the layer's own inputs what the float layer answers.

Before: x W + b
After:  x W' + b'      W' = argmin |(x - mean x) W' - (f - mean f) W|^2 + ridge |W' - W|^2
                       b' = b + mean f W - mean x W'

x comes through the quantized layers before it, and f is what the float graph has in its place. Least squares
by the normal equations, as layers are reconstructed in He, Zhang and Sun 2017, "Channel Pruning for
Accelerating Very Deep Neural Networks", sections 3.1 and 3.2 (its "whole model" case); the ridge (Hoerl and
Kennard 1970) is towards the trained weight. What rounding did to the layers before is thereby made up for, as
far as a linear layer can, and errors no longer add up from layer to layer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique


def refit(linear: Linear, statistics: Statistics, ridge: float) -> Linear:
    """Fit a layer to its own inputs.

    Args:
        linear: The layer as trained; its weight and bias change.
        statistics: Of its own inputs, with their Gram matrix and the float graph's.
        ridge: What holds the weight to the trained one, as a share of the mean variance of the inputs. Small
            ones fit the samples at the expense of other inputs.

    Raises:
        TypeError: The statistics are not of own inputs.
    """
    gram, reference = statistics.gram, statistics.reference
    if gram is None or reference is None:
        raise TypeError("a refit needs the Gram matrix of the layer's own inputs, and the float graph's")
    mean, float_mean, rows = statistics.mean, reference.mean, statistics.rows
    covariance = gram.astype(np.float64) - rows * np.outer(mean, mean)  # (D, D)
    cross = reference.cross.astype(np.float64) - rows * np.outer(mean, float_mean)  # (D, D)
    held = ridge * covariance.diagonal().mean()
    if not held > 0:  # nothing ever reached the layer
        return linear
    weight = linear.weight.astype(np.float64)  # (D, N)
    damped = covariance + held * np.eye(len(covariance))
    lower = torch.linalg.cholesky(torch.from_numpy(damped))
    fitted = torch.cholesky_solve(torch.from_numpy(cross @ weight + held * weight), lower).numpy()
    bias = float_mean @ weight - mean @ fitted + (0 if linear.bias is None else linear.bias)  # (N)
    return replace(linear, weight=fitted.astype(np.float32), bias=bias.astype(np.float32))


REFIT = Technique("refit", refit, by_gram=True, by_own_inputs=True)
