"""PyTorch in the state in which a module shows all that it computes, and its exporter can follow.

- No gradients: a mask made of parameters makes torch.export trace another attention than it then translates.
- No fast path: torch.nn's encoder layers would be one opaque operator, which leaves padded positions out.
- No look at a mask's values: torch.nn asks them only for a hint, and applies the mask anyway.
- Calls that the exporter cannot follow made otherwise, see ``adapt``.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr
from unittest import mock

import torch
from torch.nn.modules import transformer

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.capture.adapt.packed_attention import symbolic_lengths
from edgeattn_export.capture.adapt.recurrent import symbolic_steps


@contextmanager
def traceable() -> Iterator[None]:
    """Put PyTorch into that state inside the block, and keep its exporter's advice off the terminal."""
    with quiet(), slow_path(), torch.no_grad(), Adapted(), symbolic_lengths(), symbolic_steps(), _no_hints():
        yield


@contextmanager
def slow_path() -> Iterator[None]:
    """Compute torch.nn's encoder layers as they are defined, at padded positions too."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's own advice, meant for its developers, off the user's terminal."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _no_hints() -> AbstractContextManager[object]:
    return mock.patch.object(transformer, "_detect_is_causal_mask", return_value=False)
