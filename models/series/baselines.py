"""What a forecaster must beat: the last season again, and a linear map from the past to what follows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

RIDGES = (1.0, 10.0, 100.0, 1000.0)  # penalties, the best of which is taken
CHOOSING = 0.1  # of the windows, the last ones: they choose the penalty


def naive(past: Tensor, season: int) -> Tensor:
    """Return the 24 hours that came a `season` of hours earlier: (N, 3, 24) of `past` (N, 3, 336)."""
    start = past.size(-1) - season
    return past[..., start : start + 24]


def ridge(x: Tensor, y: Tensor, penalty: float) -> Tensor:
    """Return the weights (S, P, H) of least squares with a penalty, from x (S, N, P) to y (S, N, H)."""
    inner = x.transpose(1, 2) @ x + penalty * torch.eye(x.size(-1), dtype=x.dtype)  # (S, P, P)
    return torch.linalg.solve(inner, x.transpose(1, 2) @ y)


def linear(past: Tensor, following: Tensor) -> Callable[[Tensor], Tensor]:
    """Fit a linear forecaster to each series apart, as NLinear does (Zeng et al. 2023).

    Args:
        past: windows, (N, 3, 336).
        following: the days after them, (N, 3, 24).

    Returns:
        The forecaster, from (N, 3, 336) to (N, 3, 24).
    """
    level = past.mean(dim=-1, keepdim=True)
    x, y = ((part - level).double().transpose(0, 1) for part in (past, following))  # (3, N, 336), (3, N, 24)
    first = int((1 - CHOOSING) * x.size(1))

    def missed(penalty: float) -> float:
        guess = x[:, first:] @ ridge(x[:, :first], y[:, :first], penalty)
        return (guess - y[:, first:]).square().mean().item()

    weights = ridge(x, y, min(RIDGES, key=missed)).float()  # (3, 336, 24)

    def forecast(asked: Tensor) -> Tensor:
        middle = asked.mean(dim=-1, keepdim=True)
        return torch.einsum("nsp,sph->nsh", asked - middle, weights) + middle

    return forecast
