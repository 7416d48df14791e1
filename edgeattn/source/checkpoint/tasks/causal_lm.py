"""Causal language modeling: a text is continued, token by token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from edgeattn.source.checkpoint.accuracy import token_accuracy
from edgeattn.source.checkpoint.generation_settings import generation_of
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network, vocabulary_of


class CausalLM(TextTask):
    """A decoder: ``logits`` (B, S, vocabulary) of the token that follows each; the bundle gets its cache.

    Texts of a single token are left out, as nothing follows it.
    """

    reads = ("input_ids",)

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        network = load_network(folder)
        super().__init__(folder, rows, network)
        self.network = Decoder(network)
        self.metric = token_accuracy
        self.say_text()
        self.generation = generation_of(folder, vocabulary_of(network))

    def samples(self) -> Iterator[object]:
        """Yield the tokens of each text but the last, and what follows each, both int64 (1, S)."""
        for row in self.rows:
            ids = self.tokens.encode(row["text"])["input_ids"]
            if ids.shape[1] > 1:
                yield {"input_ids": ids[:, :-1]}, ids[:, 1:]

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield none: samples lack their last token."""
        yield from ()


class Decoder(nn.Module):
    """A network's logits, without a cache of its own."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor) -> dict[str, Tensor]:
        """Score what follows each token of ``input_ids``, int64 (B, S)."""
        return {"logits": self.network(input_ids=input_ids, use_cache=False).logits}
