"""A model to be taken step by step: its graphs, and what plays which part in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import onnx_ir as ir

from edgeattn_runtime.manifest import Graph, Symbol


@dataclass(frozen=True, slots=True)
class StepGraph:
    """A float graph and its contract."""

    model: ir.Model
    graph: Graph


@dataclass(frozen=True, slots=True)
class Cache:
    """Names of an input that holds keys or values, and of the output that is the next call's input.

    Where the steps have a ``length``, both are of the same dims, with ``capacity`` tokens; else the input is
    (batch, kv_heads, past, size) and the output (batch, kv_heads, total, size).
    """

    past: str
    present: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The step form of a causal decoder, or of an encoder-decoder.

    Attributes:
        decoder: Takes ``tokens`` (batch, sequence), the new ones alone, what is ``carried``, and the past;
            gives ``logits`` (batch, sequence, vocabulary) and the presents.
        encoder: Takes the ``sources`` and gives what is ``carried``, once a source; None for a decoder alone.
        tokens: Name of the decoder's input.
        logits: Name of the decoder's output.
        sources: Names of the encoder's inputs.
        carried: Names of the encoder's outputs, which are inputs of the decoder.
        length: Name of the decoder's input, int64 (1,), of how many tokens the caches hold; None where they
            have no room beside, and grow with every call.
        caches: One for the keys and one for the values of each self-attention.
        symbols: Bounds of the symbols of both graphs.
        positions: The most tokens in all, or None where nothing limits them.
    """

    decoder: StepGraph
    encoder: StepGraph | None
    tokens: str
    logits: str
    sources: tuple[str, ...]
    carried: tuple[str, ...]
    length: str | None = None
    caches: tuple[Cache, ...]
    symbols: Mapping[str, Symbol]
    positions: int | None

    @property
    def kind(self) -> Literal["decoder", "encoder-decoder"]:
        """The kind of generation that a bundle of these graphs serves."""
        return "decoder" if self.encoder is None else "encoder-decoder"
