"""The PyTorch original, as everything else is compared with it: eager, in inference mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture.adapt.tracing import slow_path
from edgeattn_export.capture.original.answer import OutputForm, output_tensors
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.tree import InputTree, fresh_copy
from edgeattn_runtime.errors import ModelError


@dataclass(frozen=True, slots=True)
class Call:
    """How a module is called, and what of its answer counts.

    Attributes:
        arguments: What else it is given, by name: no past, or one; or what holds inputs inside.
        left_out: Names of outputs that are no part of the answer, such as its cache.
    """

    arguments: Mapping[str, object] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def raw(self, module: nn.Module, inputs: Mapping[str, torch.Tensor]) -> object:
        """Call the module and return what it returns."""
        batch = next((value.shape[0] for value in inputs.values() if value.ndim), 1)
        flat = dict(inputs)
        arguments = {
            name: value.filled(flat) if isinstance(value, InputTree) else fresh_copy(value, batch)
            for name, value in self.arguments.items()
        }
        return module(**flat, **arguments)


PLAIN_CALL = Call()


class Reference:
    """A module called with numpy arrays by name, answering with float arrays by name.

    Attributes:
        form: The form that every answer must have; None where none is known yet.
    """

    def __init__(self, module: nn.Module, call: Call = PLAIN_CALL, form: OutputForm | None = None) -> None:
        self.module = module
        self.call = call
        self.form = form

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[np.generic]]:
        """Run the module once, and put back a parameter that forward replaces by a longer one.

        Raises:
            ModelError: The module raised, or its outputs are not tensors that numpy has.
            CaptureError: Its answer has not the form that is known of it.
        """
        raw, form = self._answer(inputs)
        if self.form is not None:
            self.form.check(form)
        tensors = output_tensors(raw, self.call.left_out, inputs)
        return {name: _array(name, tensors[name]) for name in form.outputs}

    def with_form(self, inputs: Inputs) -> Reference:
        """Return the same reference with the form of its answer to ``inputs``, which all others must have."""
        return Reference(self.module, self.call, self._answer(inputs)[1])

    @property
    def passed(self) -> Mapping[str, str]:
        """What is known to be no output, but an input, by name, and which input it is."""
        return self.form.passed if self.form is not None else {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is known of its answers' form that the model author should know, a line each."""
        return self.form.notes if self.form is not None else ()

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return a call of the module on ``inputs`` that converts nothing, for timing."""
        tensors = _tensors(inputs)
        return lambda: self._run(tensors)

    def _answer(self, inputs: Inputs) -> tuple[object, OutputForm]:
        tensors = _tensors(inputs)
        with slow_path(), _kept_parameters(self.module):  # slow: fast answers at padded positions are zeros
            raw = self._run(tensors)
        return raw, OutputForm.of(raw, tensors, self.call.left_out)

    def _run(self, tensors: Mapping[str, torch.Tensor]) -> object:
        with torch.inference_mode():
            try:
                return self.call.raw(self.module, tensors)
            except Exception as error:
                shapes = ", ".join(f"{name} {tuple(t.shape)}" for name, t in tensors.items())
                reason = " ".join(str(error).split())
                raise ModelError(
                    f"{type(self.module).__name__} failed on {shapes}: {type(error).__name__}: {reason}"
                ) from error


@contextmanager
def _kept_parameters(module: nn.Module) -> Iterator[None]:
    """Leave a module the parameters that it has, whatever is called inside the block."""
    held = [(part, dict(part.named_parameters(recurse=False))) for part in module.modules()]
    try:
        yield
    finally:
        for part, parameters in held:
            for name, parameter in parameters.items():
                if getattr(part, name) is not parameter:
                    setattr(part, name, parameter)


def _tensors(inputs: Inputs) -> dict[str, torch.Tensor]:
    # Copies: torch takes neither read-only arrays nor negative strides.
    return {name: torch.from_numpy(np.array(value, order="C")) for name, value in inputs.items()}


def _array(name: str, value: torch.Tensor) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = value.detach().cpu().numpy()
    except TypeError as error:  # bfloat16, or sparse
        dtype = str(value.dtype).removeprefix("torch.")
        raise ModelError(
            f"output {name!r}: {dtype}, {value.layout} found; expected a dense float32 tensor; return it "
            "with .float()"
        ) from error
    return array
