"""The original's answers to some samples, kept as an evaluation comes by them: padding left out, bounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.padding import Padded
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.spread import channel_dims
from edgeattn_runtime.graph import Tensor

SAMPLES = 32  # whose answers are kept, of one output; of several outputs, fewer
LEAST_SAMPLES = 8  # of any number of outputs
NUMBERS = 2**17  # of all answers, about: 1 MB in float64


class KeptAnswers:
    """The answers to the first samples of an evaluation.

    Args:
        padded: Tells the positions that count.

    Attributes:
        answers: Of each sample, by output, float64 (N, ...): N positions that count, evenly spread ones where
            all of them hold too many numbers.
    """

    def __init__(self, padded: Padded) -> None:
        self._padded, outputs = padded, len(padded.graph.outputs)
        self._most = max(SAMPLES // outputs, LEAST_SAMPLES)
        self._numbers = NUMBERS // (self._most * outputs)
        self.answers: list[dict[str, NDArray[np.float64]]] = []

    def add(self, inputs: Inputs, outputs: Outputs) -> None:
        """Keep what the original answers to inputs, if there is room."""
        if len(self.answers) < self._most:
            counted = self._padded.without_padding(inputs, outputs)
            tensors = self._padded.graph.outputs
            self.answers.append({each.name: self._rows(each, counted[each.name]) for each in tensors})

    def _rows(self, tensor: Tensor, answer: NDArray[np.generic]) -> NDArray[np.float64]:
        places = channel_dims(self._padded.counted_dims(tensor)) or answer.shape[-1:]
        rows = answer.reshape(-1, *places)
        count = min(len(rows), max(1, self._numbers * len(rows) // max(rows.size, 1)))
        return np.asarray(rows[[i * len(rows) // count for i in range(count)]], np.float64)
