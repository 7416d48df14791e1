"""A checkpoint that was trained here, and the data that one line exports it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

BATCH = 32
Batch = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Example:
    """What ``edgeattn export`` is given.

    Attributes:
        task: In words.
        metric: Which one is judged, in words.
        folder: That its library wrote.
        data: Samples that training never saw.
        columns: ``role=column``, where a column has another name than its role.
    """

    task: str
    metric: str
    folder: Path
    data: Path
    columns: str = ""

    def command(self, folder: Path) -> list[str]:
        """Return what follows ``edgeattn`` to export it to a folder."""
        columns = ["--columns", self.columns] if self.columns else []
        return ["export", str(self.folder), "--samples", str(self.data), *columns, "-o", str(folder)]


def fit(network: nn.Module, batch: Batch, steps: int, rate: float = 2e-3) -> None:
    """Train a network of transformers, in place.

    Args:
        network: Returns a loss.
        batch: Draws the arguments of a call.
        steps: How many.
        rate: The highest learning rate.
    """
    optimizer = torch.optim.AdamW(network.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    network.train()
    for _ in range(steps):
        network(**batch()).loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    network.eval()
