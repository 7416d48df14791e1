"""PyTorch in the state in which a module shows all that it computes, and its exporter can follow.

- No gradients: a mask made of parameters makes torch.export trace another attention than it then translates.
- No fast path: torch.nn's encoder layers would be one opaque operator, which leaves padded positions out.
- No look at a mask's values: torch.nn asks them only for a hint, and applies the mask anyway.
- No list of constant sizes whose values are forgotten.
- No new parameters: a module that is moved to the type that it has already stays as it is.
- An LSTM or a GRU stays one operator: otherwise it has as many steps as its example.
- Calls that the exporter cannot follow made otherwise, see ``adapt``.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch._subclasses import fake_tensor
from torch.export._patches import (
    register_gru_while_loop_decomposition,
    register_lstm_while_loop_decomposition,
)
from torch.nn.modules import transformer

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.capture.adapt.symbolic_list import symbolic_lists

LONGEST_CONSTANT = 64  # elements, for example of a list of sizes
_MOVE = nn.Module.to


@contextmanager
def traceable() -> Iterator[None]:
    """Put PyTorch into that state inside the block, and keep its exporter's advice off the terminal."""
    with ExitStack() as stack:
        for context in (
            quiet(),
            slow_path(),
            torch.no_grad(),
            mock.patch.object(transformer, "_detect_is_causal_mask", return_value=False),
            mock.patch.object(fake_tensor, "CONSTANT_NUMEL_LIMIT", LONGEST_CONSTANT),
            Adapted(),
            symbolic_lists(),
            register_lstm_while_loop_decomposition(),
            register_gru_while_loop_decomposition(),
            mock.patch.object(nn.Module, "to", _move),
        ):
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


def _move(module: nn.Module, *args: Any, **options: Any) -> nn.Module:
    """Move a module, unless to the type that it has: ``self.router = self.router.to(torch.float32)``."""
    match args:
        case (torch.dtype() as dtype,) if not options:
            if all(value.dtype == dtype for value in module.parameters() if value.is_floating_point()):
                return module
    return _MOVE(module, *args, **options)
