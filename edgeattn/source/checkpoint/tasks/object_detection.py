"""Object detection: what stands where in an image, by the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from edgeattn.source.checkpoint.image_processor import ImageProcessor
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.image_task import ImageNetwork, ImageTask
from edgeattn.source.checkpoint.transformers_folder import load_network

NOTHING = "no object"  # the last label of those that choose one label for each candidate
CHOOSING = {"detr", "yolos", "table-transformer"}  # by model_type; all others score each label by itself
THRESHOLD = 0.5  # as transformers' pipeline has it


class ObjectDetection(ImageTask):
    """A detector: ``logits`` (B, objects, labels), and ``pred_boxes`` (B, objects, 4), centers and sizes.

    Boxes are shares of the input. There is no metric.
    """

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        network, names = load_network(folder), Labels.of(folder).names
        is_masked = "pixel_mask" in signature(network.forward).parameters
        pixels = ImageProcessor(folder, is_masked=is_masked)
        super().__init__(folder, rows, ImageNetwork(network, "logits", "pred_boxes"), pixels)
        config: Any = network.config
        chooses = config.model_type in CHOOSING
        self.add_processing(
            labels={"output": "logits", "names": [*names, NOTHING] if chooses else names},
            prediction={
                "kind": "objects",
                "boxes": "pred_boxes",
                "form": "center",
                "scores": "softmax" if chooses else "sigmoid",
                "background": len(names) if chooses else None,
                "threshold": THRESHOLD,
            },
        )
