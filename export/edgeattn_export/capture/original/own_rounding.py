"""The error of a module's own float32, which no exported graph can be asked to stay below.

It is measured in each channel: the difference between the module's answers and those of a copy in float64.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import Tensor, nn

from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.spread import Array
from edgeattn_runtime.errors import EdgeAttnError, ModelError

# Two engines that both lose as much are twice it apart; a few inputs show about half of the most it loses.
OWN_MULTIPLE = 4.0


class OwnRounding:
    """The largest difference of a module's float32 from its float64 in each channel, measured when asked for.

    Args:
        reference: The module in float32.
        units: What its channels vary by.
        inputs: Real ones, on which it is measured at first.
    """

    def __init__(self, reference: Reference, units: Units, inputs: Iterable[Inputs]) -> None:
        self._reference, self._units, self._inputs = reference, units, inputs
        self._exact: Reference | None = None
        self._largest: dict[str, Array] = {}

    def including(self, inputs: Inputs, answer: Outputs) -> Mapping[str, Array]:
        """Measure it on inputs too, and return the largest seen so far, by output, in units of each channel.

        Args:
            inputs: Inputs that the module takes.
            answer: Its answer to them.

        Raises:
            ModelError: The module does not run in float64.
        """
        if self._exact is None:
            self._exact = in_float64(self._reference)
            for each in self._inputs:
                with suppress(EdgeAttnError):  # what the module does not take proves nothing
                    self._measure(self._exact, each, self._reference(each))
        self._measure(self._exact, inputs, answer)
        return self._largest

    def _measure(self, exact: Reference, inputs: Inputs, answer: Outputs) -> None:
        errors = self._units.errors(_answer_in_float64(exact, inputs), answer)
        for name, error in errors.items():
            finite = np.where(np.isfinite(error), error, 0.0)  # an overflow allows nothing
            self._largest[name] = np.maximum(self._largest.get(name, 0.0), finite)


def in_float64(reference: Reference) -> Reference:
    """Copy a reference with all floats of its module in float64.

    Raises:
        ModelError: The module cannot be copied.
    """
    module = reference.module
    try:
        exact = copy.deepcopy(module).double()
    except Exception as error:
        raise _no_float64(module, error) from error
    for part in exact.modules():  # of which .double() converts parameters and buffers only
        for name, value in vars(part).items():
            if isinstance(value, Tensor) and value.is_floating_point():
                setattr(part, name, value.double())
    return Reference(exact, reference.call, reference.form)


def _answer_in_float64(exact: Reference, inputs: Inputs) -> Outputs:
    wide = {name: np.asarray(v, np.float64) if v.dtype.kind == "f" else v for name, v in inputs.items()}
    with _float64_by_default():
        try:
            return exact(wide)
        except EdgeAttnError as error:
            raise _no_float64(exact.module, error) from error


def _no_float64(module: nn.Module, error: BaseException) -> ModelError:
    reason = " ".join(str(error).split())
    return ModelError(
        f"{type(module).__name__} does not run in float64, which would show its own rounding ({reason})"
    )


@contextmanager
def _float64_by_default() -> Iterator[None]:
    """Let tensors that forward makes be float64 inside the block, where it names no dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
