"""Image classification: an image becomes one of the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeattn.source.checkpoint.image_processor import ImageProcessor
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.classifier import Classifier
from edgeattn.source.checkpoint.tasks.image_task import ImageTask
from edgeattn.source.checkpoint.transformers_folder import load_network


class ImageClassification(Classifier, ImageTask):
    """A classifier of images: ``logits`` (B, labels).

    Args:
        rows: ``image``, and where there is any ``label``, a name or a number.
    """

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows, load_network(folder), ImageProcessor(folder))
        self.classify(Labels.of(folder))
