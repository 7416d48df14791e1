"""PyTorch, the float export and the int8 model, told apart by nothing but their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import onnxruntime
from numpy.typing import NDArray

from edgeattn_runtime.failure import failure
from edgeattn_runtime.session import ENGINE_ERRORS

PYTORCH, FLOAT, INT8 = "pytorch", "float", "int8"  # the original, the plain export and the product

Arrays = Mapping[str, NDArray[Any]]
Call = Callable[[], object]


class Runner(Protocol):
    """A model that answers inputs by name with outputs by name."""

    def __call__(self, inputs: Arrays) -> Arrays:
        """Answer once."""

    def bind(self, inputs: Arrays) -> Call:
        """Return a call that answers these inputs and converts nothing, for timing."""


class Engine:
    """An onnxruntime session as a runner."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._inputs = tuple(value.name for value in session.get_inputs())
        self._outputs = [value.name for value in session.get_outputs()]

    def __call__(self, inputs: Arrays) -> Arrays:
        """Answer once."""
        return dict(zip(self._outputs, self.bind(inputs)(), strict=True))

    def bind(self, inputs: Arrays) -> Callable[[], list[NDArray[Any]]]:
        """Return the call that an app makes: arrays in, arrays out; it raises as ``failure`` says."""
        fed = self._fed(inputs)

        def call() -> list[NDArray[Any]]:
            try:
                return list(self._session.run(self._outputs, fed))
            except ENGINE_ERRORS as error:
                raise failure("onnxruntime", error, fed) from error

        return call

    def _fed(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        return {name: inputs[name] for name in self._inputs}
