"""The PyTorch original, as everything else is compared with it: eager, in inference mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.samples import Inputs
from edgeattn_export.tracing import slow_path
from edgeattn_runtime.errors import ModelError


class Original(Protocol):
    """What an export is compared with: a module, or a float ONNX file where there is none."""

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[np.generic]]:
        """Answer once, outputs by name."""

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return a call on ``inputs`` that converts nothing, for timing."""


class Reference:
    """A module called with numpy arrays by name, answering with float arrays by name."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[np.generic]]:
        """Run the module once.

        Raises:
            ModelError: The module raised, or its outputs are not tensors.
        """
        with slow_path():  # whose answers at padded positions are the module's, not zeros
            outputs = named_outputs(self.bind(inputs)())
        return {name: value.detach().cpu().numpy() for name, value in outputs.items()}

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return a call of the module on ``inputs`` that converts nothing, for timing."""
        # A copy: torch takes neither read-only arrays nor negative strides.
        tensors = {name: torch.from_numpy(np.array(value, order="C")) for name, value in inputs.items()}

        def call() -> object:
            with torch.inference_mode():
                try:
                    return self.module(**tensors)
                except Exception as error:
                    shapes = ", ".join(f"{name} {tuple(t.shape)}" for name, t in tensors.items())
                    reason = " ".join(str(error).split())
                    raise ModelError(
                        f"{type(self.module).__name__} failed on {shapes}: {type(error).__name__}: {reason}"
                    ) from error

        return call


def named_outputs(outputs: object) -> dict[str, torch.Tensor]:
    """Return a module's outputs by name: a dict's own keys, else ``output`` or ``output_0``, ``output_1``...

    Raises:
        ModelError: They are not a tensor, or a tuple or dict of tensors.
    """
    match outputs:
        case torch.Tensor():
            named: dict[str, object] = {"output": outputs}
        case Mapping():  # a dict, or a transformers ModelOutput
            named = {str(name): value for name, value in outputs.items() if value is not None}
        case tuple() | list():
            named = {f"output_{i}": value for i, value in enumerate(outputs)}
        case _:
            named = {"": outputs}
    tensors = {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}
    if not named or len(tensors) < len(named):
        stray = next(
            (f"{n} {type(v).__name__}".strip() for n, v in named.items() if n not in tensors), "none"
        )
        raise ModelError(
            f"outputs: {stray} found; expected a tensor, or a tuple or dict of tensors; return tensors alone"
        )
    return tensors
