"""A network of timm: an image becomes one of its labels, or a vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.metrics.accuracy import accuracy
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.image_task import ImageTask
from edgeattn.source.checkpoint.timm_folder import label_names, load_timm, read_config
from edgeattn.source.checkpoint.timm_transform import TimmTransform


class TimmImages(ImageTask):
    """A classifier of images: ``logits`` (B, labels); a network without classes gives ``embedding`` (B, W).

    Args:
        folder: The checkpoint.
        rows: ``image``, and where there is any ``label``, a name or a number.
    """

    optional = ("label",)

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        network, config = load_timm(folder), read_config(folder)
        self.is_classifier = bool(config["num_classes"])
        names = Labels(label_names(folder, network)) if self.is_classifier else None
        output = "logits" if self.is_classifier else "embedding"
        super().__init__(folder, rows, Named(network, output), TimmTransform(config["pretrained_cfg"]), names)
        if names is not None:
            self.add_processing(
                labels={"output": output, "names": names.names},
                prediction={"kind": "classes", "scores": "softmax"},
            )
            self.metric = accuracy if self.has("label") else None

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Say the label and how sure it is, such as "seven (98 %)"; of a vector how it begins."""
        if self.labels is None:
            return super().pretty(outputs)
        return self.labels.pretty(outputs["logits"][0])


class Named(nn.Module):
    """A network whose output has a name."""

    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__()
        self.network, self.output = network, output

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Describe images, float32 (B, 3, H, W)."""
        return {self.output: self.network(pixels)}
