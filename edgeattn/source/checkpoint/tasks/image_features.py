"""Feature extraction of images: an image becomes a vector a patch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeattn.source.checkpoint.image_processor import ImageProcessor
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.image_task import ImageNetwork, ImageTask
from edgeattn.source.checkpoint.transformers_folder import drop_pooler, load_network


class ImageFeatures(ImageTask):
    """A network of images without a head: ``last_hidden_state`` (B, patches, W).

    The vector that some take of the first patch is left out, as most are trained without one.
    """

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        network = load_network(folder, without=("pooler",))
        drop_pooler(network)
        super().__init__(folder, rows, ImageNetwork(network, "last_hidden_state"), ImageProcessor(folder))
