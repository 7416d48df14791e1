"""Sequence classification: a text, or a pair of them, becomes one of the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.metrics.accuracy import accuracy
from edgeattn.source.checkpoint.metrics.closeness import closeness
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network


class SequenceClassification(TextTask):
    """A classifier of texts: ``logits`` (B, labels); one with a single number is a regression.

    Args:
        folder: The checkpoint.
        rows: ``text``, and where there are any ``pair`` and ``label``, a name or a number.
    """

    optional = ("pair", "label")

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows, load_network(folder))
        self.labels = Labels.of(folder)
        self.is_regression = len(self.labels.names) == 1
        if self.has("label"):
            self.metric = closeness if self.is_regression else accuracy
        if not self.is_regression:
            self.add_processing(
                labels={"output": "logits", "names": self.labels.names}, prediction=Labels.prediction(folder)
            )
        if self.has("pair"):
            self.say_pairs("text", "pair", "longest_first")
        else:
            self.say_text()

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each row, and its label where there is one, (1,)."""
        for i, row in enumerate(self.rows):
            inputs = self.tokens.inputs(self.encoded(row))
            yield (inputs, self._target(i, row["label"])) if "label" in row else inputs

    def _target(self, row: int, label: Any) -> Tensor:
        return torch.tensor([float(label) if self.is_regression else self.labels.place(row, label)])

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Say the label and how sure it is, such as "positive (98 %)"."""
        if self.is_regression:
            return f"{outputs['logits'].flatten()[0]:.3g}"
        return self.labels.pretty(outputs["logits"][0])
