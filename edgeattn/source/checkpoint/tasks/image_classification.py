"""Image classification: an image becomes one of the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from edgeattn.source.checkpoint.image_processor import ImageProcessor
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.metrics.accuracy import accuracy
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.image_task import ImageTask
from edgeattn.source.checkpoint.transformers_folder import load_network


class ImageClassification(ImageTask):
    """A classifier of images: ``logits`` (B, labels).

    Args:
        folder: The checkpoint.
        rows: ``image``, and where there is any ``label``, a name or a number.
    """

    optional = ("label",)

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        self.names = Labels.of(folder)
        super().__init__(folder, rows, load_network(folder), ImageProcessor(folder), self.names)
        if self.has("label"):
            self.metric = accuracy
        self.add_processing(
            labels={"output": "logits", "names": self.names.names}, prediction=Labels.prediction(folder)
        )

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Say the label and how sure it is, such as "seven (98 %)"."""
        return self.names.pretty(outputs["logits"][0])
