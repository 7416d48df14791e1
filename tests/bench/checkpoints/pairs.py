"""A checkpoint of pairs of texts: whether a phrase names a place, a time, a person, a food or a room."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from checkpoints.example import Example, fit
from checkpoints.texts import CHOICES, SIZES, drawn, said, save, table, tokenizer
from tokenizers import pre_tokenizers

ASKED = ("place", "when", "name", "food", "room")
NAMES = ("unsaid", "said")


def claims(place: Path) -> Example:
    """Train a BERT to say whether a phrase holds a claim."""
    draw = random.Random(0)

    def rows(texts: Sequence[str]) -> list[dict[str, str]]:
        made = []
        for text in texts:
            named = [(kind, each) for kind in ASKED for each in CHOICES[kind] if text.endswith(f" {each}")]
            for kind, part in named[:1]:
                label = draw.choice(NAMES)
                other = draw.choice([each for each in CHOICES[kind] if each != part])
                made.append({"text": text, "pair": part if label == "said" else other, "label": label})
        return made

    seen, others = (rows(texts) for texts in said())
    pieces = tokenizer((f"{row['text']} {row['pair']}" for row in seen), pre_tokenizers.Whitespace())
    config = transformers.BertConfig(vocab_size=len(pieces), **SIZES, id2label=dict(enumerate(NAMES)))
    network = transformers.BertForSequenceClassification(config)

    def batch() -> Mapping[str, Any]:
        found = drawn(seen)
        texts = ([row[name] for row in found] for name in ("text", "pair"))
        labels = torch.tensor([NAMES.index(row["label"]) for row in found])
        return {**pieces(*texts, padding=True, return_tensors="pt"), "labels": labels}

    fit(network, batch, 600)
    data = table(place / "claims.csv", others)
    return Example("pairs of texts", "accuracy", save(place / "claims", network, pieces), data)
