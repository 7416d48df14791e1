"""Sequence classification: a text, or a pair of them, becomes one of the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.classifier import Classifier
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network


class SequenceClassification(Classifier, TextTask):
    """A classifier of texts: ``logits`` (B, labels); one with a single number is a regression.

    Args:
        rows: ``text``, and where there are any ``pair`` and ``label``, a name or a number.
    """

    optional = ("pair", "label")
    judged_by = "label"

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows, load_network(folder))
        labels = Labels.of(folder)
        if len(labels.names) > 1:
            self.classify(labels)
        elif self.has("label"):
            self.metric = closeness
        if self.has("pair"):
            self.say_pairs("text", "pair", "longest_first")
        else:
            self.say_text()

    def target(self, row: Row) -> Tensor:
        """Return a row's label, or the number of a regression, (1,)."""
        return torch.tensor([float(row["label"])]) if self.labels is None else super().target(row)

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Say the label and how sure it is, or the number of a regression."""
        if self.labels is None:
            return f"{outputs['logits'].flatten()[0]:.3g}"
        return super().pretty(outputs)


def closeness(outputs: Mapping[str, Tensor], target: Tensor) -> float:
    """Return the mean absolute error of ``logits`` (B, 1) against numbers (B,), negative."""
    return -(outputs["logits"].flatten() - target).abs().mean().item()
