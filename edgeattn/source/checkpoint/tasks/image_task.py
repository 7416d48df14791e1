"""What tasks of images have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn

from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.pixels import Pixels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task


class ImageTask(Task):
    """Images into a network.

    Args:
        folder: The checkpoint.
        rows: With ``image``, and where there is any ``label``.
        network: With its weights.
        pixels: What prepares images.
        labels: What ``label`` is one of; None where there are none.
    """

    needed: ClassVar[Sequence[str]] = ("image",)

    def __init__(
        self,
        folder: Path,
        rows: Sequence[Row],
        network: nn.Module,
        pixels: Pixels,
        labels: Labels | None,
    ) -> None:
        super().__init__(folder, rows)
        self.network, self.pixels, self.labels = network, pixels, labels
        self.images = [Path(row["image"]) for row in rows]
        self.add_processing(image=pixels.processing(self.images))
        if pixels.image is not None:
            self.dynamic = {pixels.name: pixels.dims}

    def samples(self) -> Iterator[object]:
        """Yield the pixels of each image, and its label where there is one, int64 (1,)."""
        for i, (row, image) in enumerate(zip(self.rows, self.images, strict=True)):
            inputs = self.pixels.prepare(image)
            if self.labels is not None and "label" in row:
                yield inputs, torch.tensor([self.labels.place(i, row["label"])])
            else:
                yield inputs

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the images' files, where the bundle takes images."""
        if "image" in (self.processing or {}):
            yield from ({"image": image} for image in self.images)
