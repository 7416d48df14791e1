"""What tasks have in common whose ``logits`` (B, labels) score the labels of a whole row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from edgeattn.source.checkpoint.accuracy import accuracy
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task


class Classifier(Task):
    """A task of rows that may have a ``label``, a name or a number.

    Attributes:
        labels: What it is one of; None where the network scores none.
    """

    optional: ClassVar[Sequence[str]] = ("label",)
    labels: Labels | None = None

    def classify(self, labels: Labels) -> None:
        """Have the bundle name labels, and judge the network by them."""
        self.labels, self.judged_by = labels, "label"
        self.add_processing(
            labels={"output": "logits", "names": labels.names},
            prediction={"kind": "classes", "scores": labels.scores},
        )
        if self.has("label"):
            self.metric = accuracy

    def target(self, row: Row) -> Tensor:
        """Return the place of a row's label, int64 (1,)."""
        assert self.labels is not None
        return torch.tensor([self.labels.place(row["label"])])

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Say the label and how sure it is, such as "positive (98 %)"."""
        return super().pretty(outputs) if self.labels is None else self.labels.pretty(outputs["logits"][0])
