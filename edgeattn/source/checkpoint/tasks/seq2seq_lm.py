"""Sequence to sequence: a text becomes another, such as its translation or its summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from edgeattn.source.checkpoint.accuracy import token_accuracy
from edgeattn.source.checkpoint.generation_settings import generation_of
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network, vocabulary_of


class Seq2SeqLM(TextTask):
    """An encoder with a decoder: ``logits`` (B, T, vocabulary) of the token that follows each of the target.

    Args:
        rows: ``text`` and ``target``, what becomes of it.
    """

    needed = ("text", "target")
    reads = ("input_ids",)

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        network = load_network(folder)
        super().__init__(folder, rows, network)
        self.start = decoder_start(network)
        self.network = EncoderDecoder(network)
        self.dynamic = {"input_ids": ("batch", "source"), "decoder_input_ids": ("batch", "target")}
        self.metric = token_accuracy
        self.say_text()
        self.generation = generation_of(folder, vocabulary_of(network), [self.start])

    def samples(self) -> Iterator[object]:
        """Yield the text, (1, S), the target moved down by its first token, and the target, int64 (1, T)."""
        for row in self.rows:
            target = self.tokens.encoded(text_target=row["target"])["input_ids"]
            yield (
                {**self.tokens.encode(row["text"]), "decoder_input_ids": shifted(target, self.start)},
                target,
            )


class EncoderDecoder(nn.Module):
    """A network's logits, without a cache of its own."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, decoder_input_ids: Tensor) -> dict[str, Tensor]:
        """Score what follows each token of the target.

        Args:
            input_ids: what the encoder reads, int64 (B, S).
            decoder_input_ids: the target so far, int64 (B, T).
        """
        scored = self.network(input_ids=input_ids, decoder_input_ids=decoder_input_ids, use_cache=False)
        return {"logits": scored.logits}


def shifted(target: Tensor, start: int) -> Tensor:
    """Return ids (1, T) moved up by one place, with the start before them and the last left out."""
    return torch.cat((torch.full_like(target[:, :1], start), target[:, :-1]), dim=1)


def decoder_start(network: nn.Module) -> int:
    """Return the token that a target begins with.

    Raises:
        ValueError: The checkpoint has none.
    """
    for settings in (network.config, getattr(network, "generation_config", None)):
        start = getattr(settings, "decoder_start_token_id", None)
        if isinstance(start, int):
            return start
    raise ValueError(
        "config.json: no decoder_start_token_id found, the id that a target begins with expected"
    )
