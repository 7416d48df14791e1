"""An LSTM or a GRU stays one operator, over sequences of any length.

Before: the exporter computes one step after the other, as many as its example has
After:  the dims of the outputs follow those of the input; what computes them is one operator of the program
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.export._patches import (
    register_gru_while_loop_decomposition,
    register_lstm_while_loop_decomposition,
)


@contextmanager
def symbolic_steps() -> Iterator[None]:
    """Leave the number of a recurrent layer's steps free inside the block, as ``torch.onnx.export`` does."""
    with register_lstm_while_loop_decomposition(), register_gru_while_loop_decomposition():
        yield
