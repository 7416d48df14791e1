"""How many threads the original gets, so that all runners have as many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

THREADS = 1  # what a report is measured with, unless the caller says otherwise


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Give PyTorch's operators ``count`` threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
