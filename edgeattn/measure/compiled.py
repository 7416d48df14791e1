"""The original by torch.compile, which takes a C++ compiler and Python's headers."""

from __future__ import annotations

import warnings
from typing import cast

import torch
from torch import nn

from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import BadInput

LONGEST = 200  # characters of a reason


def compiled(original: Runner, inputs: Inputs) -> Runner:
    """Return an original compiled for sizes that may vary, once it has answered.

    Args:
        original: The module; no ONNX file.
        inputs: Real ones.

    Raises:
        BadInput: It is no module, or does not compile here; the message says why.
    """
    if not isinstance(original, Reference):
        raise BadInput("torch.compile: not timed: an ONNX file found, a PyTorch module expected")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the compiler says of the user's module, and of PyTorch
            module = cast("nn.Module", torch.compile(original.module, dynamic=True))
            found = Reference(module, original.call, original.answer)
            found.bind(inputs)()
    except Exception as error:
        raise BadInput(
            f"torch.compile: not timed, it fails here: {_reason(error)}; it takes a C++ compiler and "
            "Python's headers, such as Debian's g++ and python3-dev, and a module that it follows"
        ) from error
    return found


def _reason(error: BaseException) -> str:
    """Return what a compiler complained of, or else the first line of what stopped PyTorch's."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).splitlines() or [type(error).__name__]
    told = next((line for line in lines if "error: " in line), lines[0])
    return " ".join(told.split())[:LONGEST]
