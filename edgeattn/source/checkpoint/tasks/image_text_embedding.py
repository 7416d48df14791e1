"""Embeddings of images and texts in one space: the tower that the rows are for, or both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from edgeattn.source.checkpoint.pixels import Pixels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.tokens import Tokens
from edgeattn.source.checkpoint.transformers_folder import load_network


class ImageTextEmbedding(Task):
    """A pair of encoders: ``image_embeds`` and ``text_embeds`` (B, W), of which closer ones mean the same.

    Args:
        folder: The checkpoint.
        rows: ``image``, ``text``, or both: an app usually has a bundle of each.
    """

    heads = ("CLIPModel",)
    optional = ("image", "text")

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        network = load_network(folder)
        self.dynamic = {}
        if not (self.has("image") or self.has("text")):
            raise ValueError("rows without image and text found; one of them expected: --columns text=COLUMN")
        if self.has("image"):
            self.pixels = Pixels(folder)
            self.say(image=self.pixels.processing([Path(row["image"]) for row in rows]))
            self.dynamic = {"pixel_values": ("batch", None, None, None)}
        if self.has("text"):
            self.tokens = Tokens(folder, network)
            self.say(text=self.tokens.processing([row["text"] for row in rows]))
            self.dynamic = {**self.dynamic, **self.tokens.dynamic}
        self.network = Towers(network)

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each row."""
        for row in self.rows:
            image = self.pixels.prepare(Path(row["image"])) if "image" in row else {}
            text = self.tokens.encode(row["text"]) if "text" in row else {}
            yield {**image, **text}

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield images and texts as they are, where the bundle takes all that the rows have."""
        roles = [role for role in ("image", "text") if self.has(role)]
        if all(role in (self.processing or {}) for role in roles):
            yield from ({role: row[role] for role in roles} for row in self.rows)


class Towers(nn.Module):
    """The towers whose inputs are given."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = network

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Embed ``pixel_values``, (B, 3, H, W), ``input_ids`` with its mask, int64 (B, S), or both."""
        texts = {name: value for name, value in features.items() if name != "pixel_values"}
        embedded = {}
        if "pixel_values" in features:
            image = self.network.get_image_features(pixel_values=features["pixel_values"])
            embedded["image_embeds"] = _pooled(image)
        if texts:
            embedded["text_embeds"] = _pooled(self.network.get_text_features(**texts))
        return {name: nn.functional.normalize(vector, dim=-1) for name, vector in embedded.items()}


def _pooled(features: Any) -> Tensor:
    """Return the vectors, (B, W), which transformers returns as part of a dict from 5 on."""
    pooled: Tensor = features if isinstance(features, Tensor) else features.pooler_output
    return pooled
