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
    """Names of an input (batch, kv_heads, past, size), and of the output that is the next call's input."""

    past: str
    present: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The step form of a causal decoder, or of an encoder-decoder.

    Attributes:
        decoder: Takes ``tokens`` (batch, sequence), the new ones alone, what is ``carried``, and a past of
            any length, 0 at first; gives ``logits`` (batch, sequence, vocabulary) and the presents.
        encoder: Takes the ``sources`` and gives what is ``carried``, once a source; None for a decoder alone.
        tokens: Name of the decoder's input.
        logits: Name of the decoder's output.
        sources: Names of the encoder's inputs.
        carried: Names of the encoder's outputs, which are inputs of the decoder.
        caches: One for the keys and one for the values of each self-attention.
        symbols: Bounds of the symbols of both graphs; ``past`` may be 0, ``total`` is past + sequence.
        positions: The largest ``total``, or None where nothing limits it.
    """

    decoder: StepGraph
    encoder: StepGraph | None
    tokens: str
    logits: str
    sources: tuple[str, ...]
    carried: tuple[str, ...]
    caches: tuple[Cache, ...]
    symbols: Mapping[str, Symbol]
    positions: int | None

    @property
    def kind(self) -> Literal["decoder", "encoder-decoder"]:
        """The kind of generation that a bundle of these graphs serves."""
        return "decoder" if self.encoder is None else "encoder-decoder"
