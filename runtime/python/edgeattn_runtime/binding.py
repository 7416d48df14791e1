"""A call of a graph whose inputs and outputs are arrays that stay where they are."""

from __future__ import annotations

import onnxruntime

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.session import ENGINE_ERRORS

# What a bound call raises: onnxruntime has no class of its own for it.
BOUND_ERRORS: tuple[type[Exception], ...] = (*ENGINE_ERRORS, RuntimeError)


class BoundCall:
    """Reads and writes the arrays' own memory, as it is at the time of each call.

    Args:
        session: The graph.
        inputs: Every input by name, C-contiguous.
        outputs: The outputs that are asked for, C-contiguous and of the dims that they will have. One may be
            an input's array too, where the graph writes into what it was given.
    """

    def __init__(self, session: onnxruntime.InferenceSession, inputs: Arrays, outputs: Arrays) -> None:
        self._session = session
        self._binding = session.io_binding()
        of_numpy = onnxruntime.OrtValue.ortvalue_from_numpy
        # Kept, since the arrays must live as long as their binding, and not every onnxruntime sees to it.
        self._inputs = {name: of_numpy(array) for name, array in inputs.items()}
        self._outputs = {name: of_numpy(array) for name, array in outputs.items()}
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._outputs.items():
            self._binding.bind_ortvalue_output(name, value)

    def __call__(self) -> None:
        """Run the graph; raises one of ``BOUND_ERRORS`` where it fails."""
        self._session.run_with_iobinding(self._binding)
