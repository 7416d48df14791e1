"""The PyTorch original, as everything else is compared with it: eager, in inference mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture.tracing import slow_path
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.tree import fresh
from edgeattn_runtime.errors import ModelError


@dataclass(frozen=True, slots=True)
class Call:
    """How a module is called, and what of its answer counts.

    Attributes:
        given: What it is given beside its inputs, by name: no past, or one.
        left_out: Names of outputs that are no part of the answer, such as its cache.
    """

    given: Mapping[str, object] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def raw(self, module: nn.Module, inputs: Mapping[str, torch.Tensor]) -> object:
        """Call the module and return what it returns."""
        batch = next((value.shape[0] for value in inputs.values() if value.ndim), 1)
        return module(**inputs, **{name: fresh(value, batch) for name, value in self.given.items()})

    def answer(self, raw: object) -> dict[str, torch.Tensor]:
        """Return the outputs that count, by name.

        Raises:
            ModelError: They are not a tensor, or a tuple or dict of tensors.
        """
        return named_outputs(raw, self.left_out)


WHOLE = Call()


class Reference:
    """A module called with numpy arrays by name, answering with float arrays by name."""

    def __init__(self, module: nn.Module, call: Call = WHOLE) -> None:
        self.module = module
        self.call = call

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[np.generic]]:
        """Run the module once.

        Raises:
            ModelError: The module raised, or its outputs are not tensors that numpy has.
        """
        with slow_path():  # whose answers at padded positions are the module's, not zeros
            outputs = self.call.answer(self.bind(inputs)())
        return {name: _array(name, value) for name, value in outputs.items()}

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return a call of the module on ``inputs`` that converts nothing, for timing."""
        # A copy: torch takes neither read-only arrays nor negative strides.
        tensors = {name: torch.from_numpy(np.array(value, order="C")) for name, value in inputs.items()}

        def call() -> object:
            with torch.inference_mode():
                try:
                    return self.call.raw(self.module, tensors)
                except Exception as error:
                    shapes = ", ".join(f"{name} {tuple(t.shape)}" for name, t in tensors.items())
                    reason = " ".join(str(error).split())
                    raise ModelError(
                        f"{type(self.module).__name__} failed on {shapes}: {type(error).__name__}: {reason}"
                    ) from error

        return call


def _array(name: str, value: torch.Tensor) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = value.detach().cpu().numpy()
    except TypeError as error:  # bfloat16, or sparse
        found = str(value.dtype).removeprefix("torch.")
        raise ModelError(
            f"output {name!r}: {found}, {value.layout} found; expected a dense float32 tensor; return it "
            "with .float()"
        ) from error
    return array


def named(outputs: object) -> dict[str, object]:
    """Return what a module returned, by a dict's names, else ``output``, or ``output_0``, ``output_1``..."""
    match outputs:
        case torch.Tensor():
            return {"output": outputs}
        case Mapping():  # a dict, or a transformers ModelOutput
            return {str(name): value for name, value in outputs.items() if value is not None}
        case tuple() | list():
            return {f"output_{i}": value for i, value in enumerate(outputs)}
        case _:
            return {"": outputs}


def named_outputs(outputs: object, left_out: frozenset[str] = frozenset()) -> dict[str, torch.Tensor]:
    """Return a module's outputs by name, as ``named`` does, but for what is ``left_out``.

    Raises:
        ModelError: They are not a tensor, or a tuple or dict of tensors.
    """
    pieces = {name: value for name, value in named(outputs).items() if name not in left_out}
    tensors = {name: value for name, value in pieces.items() if isinstance(value, torch.Tensor)}
    if not pieces or len(tensors) < len(pieces):
        stray = next(
            (f"{n} {type(v).__name__}".strip() for n, v in pieces.items() if n not in tensors), "none"
        )
        raise ModelError(
            f"outputs: {stray} found; expected a tensor, or a tuple or dict of tensors; return tensors alone"
        )
    return tensors
