"""Token classification: each word of a text becomes one of the checkpoint's labels, such as a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from edgeattn.source.checkpoint.accuracy import IGNORED, token_accuracy
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network


class TokenClassification(TextTask):
    """A tagger: ``logits`` (B, S, labels).

    Args:
        rows: ``text``, a list of words or one string of them, and where there is any ``label``, a tag a word.
    """

    optional = ("label",)
    judged_by = "label"

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        words = [{**row, "text": " ".join(_words(row["text"]))} for row in rows]
        super().__init__(folder, words, load_network(folder))
        self.labels = Labels.of(folder)
        if self.has("label"):
            self.metric = self._f1 if "O" in self.labels.names else token_accuracy
        names = self.labels.names
        self.add_processing(labels={"output": "logits", "names": names})
        self.say_text()
        if "text" in (self.processing or {}):
            outside = names.index("O") if "O" in names else None
            self.add_processing(prediction={"kind": "tags", "outside": outside})

    def target(self, row: Row) -> Tensor:
        """Return the labels of the words' first tokens, int64 (1, S)."""
        words, tags = row["text"].split(), _words(row["label"])
        if len(words) != len(tags):
            raise ValueError(f"{len(tags)} labels of {len(words)} words found, one a word expected")
        encoded = self.tokens.encoded(row["text"])
        places = torch.full_like(encoded["input_ids"], IGNORED)
        start = 0
        for word, tag in zip(words, tags, strict=True):
            token = encoded.char_to_token(0, start)
            if token is not None:  # else it was cut, or has no token
                places[0, token] = self.labels.place(tag)
            start += len(word) + 1
        return places

    def _f1(self, outputs: Mapping[str, Tensor], target: Tensor) -> float:
        predicted, labeled = outputs["logits"].argmax(dim=-1), target != IGNORED
        names = self.labels.names
        return entity_f1([names[i] for i in predicted[labeled]], [names[i] for i in target[labeled]])

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Show the labels of the tokens between the first and the last."""
        return " ".join(self.labels.names[i] for i in outputs["logits"][0].argmax(dim=-1)[1:-1])


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else [str(each) for each in value]


def entity_f1(predicted: Sequence[str], expected: Sequence[str]) -> float:
    """Return the F1 of one sequence, as conlleval counts entities (Tjong Kim Sang & De Meulder 2003).

    Args:
        predicted: Tags, one a word, such as ``B-PER``, ``I-PER`` and ``O``.
        expected: As many.

    Returns:
        1 where neither has an entity.
    """
    answered, right = set(_entities(predicted)), set(_entities(expected))
    return 2 * len(answered & right) / (len(answered) + len(right)) if answered or right else 1.0


def _entities(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the type of each entity; one may begin with I, where none goes on."""
    start, kind = 0, ""
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        if kind and (prefix in ("B", "O") or name != kind):
            yield start, place, kind
            kind = ""
        if not kind and prefix != "O":
            start, kind = place, name
