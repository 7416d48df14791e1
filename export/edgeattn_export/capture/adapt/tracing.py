"""PyTorch in the state in which a module shows all that it computes, and its exporter can follow.

- No gradients: a mask made of parameters makes torch.export trace another attention than it then translates.
- No fast path: torch.nn's encoder layers would be one opaque operator, which leaves padded positions out.
- No look at a mask's values: torch.nn asks them only for a hint, and applies the mask anyway.
- No list of constant sizes whose values are forgotten.
- Calls that the exporter cannot follow made otherwise, see ``adapt``.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr
from unittest import mock

import torch
from torch._subclasses import fake_tensor
from torch.nn.modules import transformer

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.capture.adapt.kept_types import kept_types
from edgeattn_export.capture.adapt.recurrent import symbolic_steps
from edgeattn_export.capture.adapt.symbolic_list import symbolic_lists

LONGEST_CONSTANT = 64  # elements, such as of a list of sizes


@contextmanager
def traceable() -> Iterator[None]:
    """Put PyTorch into that state inside the block, and keep its exporter's advice off the terminal."""
    state = quiet(), slow_path(), torch.no_grad(), _no_hints(), _known_lists()
    adapted = Adapted(), symbolic_lists(), symbolic_steps(), kept_types()
    with ExitStack() as stack:
        for context in (*state, *adapted):
            stack.enter_context(context)
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


def _known_lists() -> AbstractContextManager[object]:
    """Know the values of short constants, as PyTorch does of single numbers, and of what is made of them."""
    return mock.patch.object(fake_tensor, "CONSTANT_NUMEL_LIMIT", LONGEST_CONSTANT)
