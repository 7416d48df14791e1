"""Masked language modeling: the tokens that stand where a text is masked."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch

from edgeattn.source.checkpoint.accuracy import IGNORED, token_accuracy
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network

MASKED = 0.15  # of the tokens, as in BERT's training (Devlin et al. 2019)


class MaskedLM(TextTask):
    """A language model that fills gaps: ``logits`` (B, S, vocabulary)."""

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows, load_network(folder))
        self.metric = token_accuracy
        self.say_text()

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each text with some tokens masked, at least one, and what they were, (1, S)."""
        tokenizer = self.tokens.tokenizer
        for i, row in enumerate(self.rows):
            inputs = self.tokens.encode(row["text"])
            ids = inputs["input_ids"]
            special = tokenizer.get_special_tokens_mask(ids[0].tolist(), already_has_special_tokens=True)
            places = [place for place, is_special in enumerate(special) if not is_special]
            if not places:
                continue
            masked = random.Random(i).sample(places, max(1, round(MASKED * len(places))))
            target = torch.full_like(ids, IGNORED)
            target[0, masked] = ids[0, masked]
            hidden = ids.clone()
            hidden[0, masked] = tokenizer.mask_token_id
            yield {**inputs, "input_ids": hidden}, target

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield none: samples are masked."""
        yield from ()
