"""Answers of a captured module in float64, and the answers of graphs that are not as precise as its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from precision import Arrays, imprecise

from edgeattn_export.capture import Captured
from edgeattn_export.capture.original.reference import Reference


def unlike_original(captured: Captured, inputs: Arrays, actual: Arrays) -> dict[str, str]:
    """Return by name why outputs are not the module's answers to ``inputs``: see ``precision.imprecise``."""
    return imprecise(actual, captured.reference(inputs), double(captured, inputs))


def double(captured: Captured, inputs: Arrays) -> Arrays:
    """Return the module's answers in float64; its own float32 constants are taken as they are."""
    original = captured.reference
    assert isinstance(original, Reference)
    call = replace(
        original.call, arguments={name: _doubled(value) for name, value in original.call.arguments.items()}
    )
    with _default_double():
        return Reference(deepcopy(original.module).double(), call)(
            {
                name: value.astype(np.float64) if value.dtype == np.float32 else value
                for name, value in inputs.items()
            }
        )


def _doubled(argument: object) -> object:
    is_float = isinstance(argument, torch.Tensor) and argument.is_floating_point()
    return argument.double() if is_float else argument  # type: ignore[attr-defined]


@contextmanager
def _default_double() -> Iterator[None]:
    """Make tensors that a module creates float64, and those that it casts by ``float()``."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.Tensor, "float", torch.Tensor.double)
            yield
    finally:
        torch.set_default_dtype(before)
