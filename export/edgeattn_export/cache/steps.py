"""A model to be taken step by step: its graphs, what plays which part in them, and why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import onnx_ir as ir

from edgeattn_runtime.errors import EdgeAttnError
from edgeattn_runtime.manifest import MAIN_GRAPH, CacheEntry, Generation, Graph, Symbol


class CannotStep(EdgeAttnError):  # noqa: N818 - it is a verdict, not a mistake
    """A graph has no step form; the message is the reason, which ``derive_steps`` hands back."""


ENCODER_GRAPH = "encoder"


@dataclass(frozen=True, slots=True)
class StepGraph:
    """A float graph and its contract."""

    model: ir.Model
    graph: Graph


@dataclass(frozen=True, slots=True)
class Cache:
    """Names of an input that holds keys or values, and of the output that is the next call's input.

    Both are (batch, kv_heads, capacity, size).
    """

    past: str
    present: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The step form of a causal decoder, or of an encoder-decoder.

    Attributes:
        decoder: Takes ``tokens`` (batch, sequence), the new ones alone, what is ``carried``, and the past;
            gives ``logits`` (batch, sequence, vocabulary) and the presents.
        encoder: Takes the ``sources``, once, and gives what is ``carried``, and those outputs of the whole
            model that follow from the sources alone; None for a decoder alone.
        tokens: Name of the decoder's input.
        logits: Name of the decoder's output.
        sources: Names of the encoder's inputs.
        carried: Names of the encoder's outputs, which are inputs of the decoder.
        length: Name of the decoder's input, int64 (1,), of how many tokens the caches hold.
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
    length: str
    caches: tuple[Cache, ...]
    symbols: Mapping[str, Symbol]
    positions: int | None

    @property
    def graphs(self) -> Mapping[str, StepGraph]:
        """The graphs by their names in a bundle."""
        graphs = {MAIN_GRAPH: self.decoder}
        return graphs if self.encoder is None else {**graphs, ENCODER_GRAPH: self.encoder}

    @property
    def generation(self) -> Generation:
        """How a bundle of these graphs generates."""
        return Generation(
            kind=self.kind,
            decoder=MAIN_GRAPH,
            encoder=ENCODER_GRAPH if self.encoder is not None else None,
            sources=self.sources if self.encoder is not None else (),
            carried=self.carried,
            tokens=self.tokens,
            logits=self.logits,
            length=self.length,
            cache=tuple(CacheEntry(cache.past, cache.present) for cache in self.caches),
            positions=self.positions,
        )

    @property
    def kind(self) -> Literal["decoder", "encoder-decoder"]:
        """The kind of generation that a bundle of these graphs serves."""
        return "decoder" if self.encoder is None else "encoder-decoder"
