"""What tasks of images have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from edgeattn.source.checkpoint.pixels import Pixels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task


class ImageTask(Task):
    """Images into a network.

    Args:
        rows: With ``image``.
        network: With its weights.
        pixels: What prepares images.
    """

    needed: ClassVar[Sequence[str]] = ("image",)

    def __init__(self, folder: Path, rows: Sequence[Row], network: nn.Module, pixels: Pixels) -> None:
        super().__init__(folder, rows)
        self.network, self.pixels = network, pixels
        self.add_processing(image=pixels.processing([Path(row["image"]) for row in rows]))
        if pixels.image is not None:
            self.dynamic = {pixels.name: pixels.dims}

    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return the pixels of a row's image, float32 (1, C, H, W)."""
        return self.pixels.prepare(Path(row["image"]))

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the images' files, where the bundle takes images."""
        if "image" in (self.processing or {}):
            yield from ({"image": Path(row["image"])} for row in self.rows)


class ImageNetwork(nn.Module):
    """A network of images, and some of its outputs by their names."""

    def __init__(self, network: nn.Module, *names: str) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, pixel_values: Tensor) -> dict[str, Tensor]:
        """Read images, float32 (B, 3, H, W)."""
        outputs = self.network(pixel_values=pixel_values)
        return {name: getattr(outputs, name) for name in self.names}
