"""The encoder of sources.edge: float features and what of them is shown -> what every token is told of them.

    seen = sum(features Wsee mask) / sum(mask)

The decoder behind it is decoder.py's, with ``seen`` added to every token.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import decoder
import numpy as np
import onnx_ir as ir
from case import rounded
from graphs import Array, Recorder, Reference, in_float64, trained
from tiny import WIDTH

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Tensor

FEATURES = 6
SOURCES = (
    Tensor("features", "float32", ("batch", "frames", FEATURES)),
    Tensor("mask", "bool", ("batch", "frames")),
)
ENCODER = Graph(SOURCES, (decoder.SEEN,))


def sources(batch: int, frames: int, seed: int) -> dict[str, Array]:
    """Return float32 features (batch, frames, features) and a bool mask (batch, frames) of the first."""
    random = np.random.default_rng(seed)
    features = random.integers(-99, 100, (batch, frames, FEATURES)).astype(np.float32) / 33
    lengths = random.integers(1, frames + 1, (batch, 1))
    return {"features": features, "mask": np.arange(frames) < lengths}


def encode(features: Array, mask: Array) -> dict[str, Array]:
    """Return what the decoder takes, rounded to where all machines agree."""
    return rounded(_reference()({"features": features, "mask": mask}))  # (B, 1, W)


@cache
def _reference() -> Reference:
    return Reference(in_float64(encoder()))


def samples() -> Iterator[Sample]:
    """Yield the decoder's golden vectors, each behind other sources."""
    for i, sample in enumerate(decoder.samples()):
        carried = encode(**sources(len(sample.inputs["tokens"]), 2 + i, seed=i))
        yield decoder.answered({**sample.inputs, **carried})


def encoder() -> ir.Model:
    """Build the graph: features, mask -> seen."""
    net = Recorder(ENCODER)
    features, mask = net.inputs
    (projection,) = trained(41, 33, projection=(FEATURES, WIDTH)).values()
    visible = net.Cast(net.Unsqueeze(mask, [-1]), to=ir.DataType.FLOAT)  # (B, F, 1)
    total = net.ReduceSum(net.Mul(net.MatMul(features, projection), visible), [1])
    net.Div(total, net.ReduceSum(visible, [1]), output=net.outputs[0])
    return net.model()
