"""The generators that a whole process shares, in states that nothing was drawn from before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def fresh_generators() -> Iterator[None]:
    """Seed the shared generators of Python, numpy and PyTorch from the system inside the block.

    A second call of what draws then answers otherwise even where the first one's states were put back in
    between, as a compiler does that traces a call before it runs. Afterwards the states are what they were.
    """
    python, legacy = random.getstate(), np.random.get_state()
    random.seed()
    np.random.seed()
    try:
        with torch.random.fork_rng(devices=()):
            torch.default_generator.seed()
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
