"""Embeddings of images and texts in one space: the tower that the rows are for, or both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgeattn.source.checkpoint.image_processor import ImageProcessor
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.tokens import Tokens
from edgeattn.source.checkpoint.transformers_folder import load_network


class ImageTextEmbedding(Task):
    """A pair of encoders: ``image_embeds`` and ``text_embeds`` (B, W), of which closer ones mean the same.

    Args:
        rows: ``image``, ``text``, or both: an app usually has a bundle of each.
    """

    optional = ("image", "text")

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        network: Any = load_network(folder)
        self.dynamic = {}
        if not (self.has("image") or self.has("text")):
            raise ValueError("rows without image and text found; one of them expected: --columns text=COLUMN")
        padding = None
        if self.has("image"):
            self.pixels = ImageProcessor(folder)
            self.add_processing(image=self.pixels.processing([Path(row["image"]) for row in rows]))
            self.dynamic = {"pixel_values": self.pixels.dims}
        if self.has("text"):
            self.tokens = Tokens(folder, network)
            if network.config.model_type == "siglip":
                # It describes a text by its last token, whatever stands there, and was trained with padding.
                self.tokens.names = ["input_ids"]
                pad = self.tokens.tokenizer.pad_token_id
                padding = network.config.text_config.max_position_embeddings, pad
            texts = [(row["text"],) for row in rows]
            self.token_counts = self.tokens.counts(texts)
            self.add_processing(text=self.tokens.processing(texts))
            self.dynamic = {**self.dynamic, **self.tokens.dynamic}
        self.network = Towers(network, padding)

    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return the inputs of a row's image, of its text, or of both."""
        image = self.pixels.prepare(Path(row["image"])) if "image" in row else {}
        return image | (self.tokens.encode(row["text"]) if "text" in row else {})

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield images and texts as they are, where the bundle takes all that the rows have."""
        roles = [role for role in ("image", "text") if self.has(role)]
        if all(role in (self.processing or {}) for role in roles):
            yield from ({role: row[role] for role in roles} for row in self.rows)


class Towers(nn.Module):
    """The towers whose inputs are given.

    Args:
        network: Of images and texts.
        padding: To how many tokens texts are padded at their end, and with which; None for none.
    """

    def __init__(self, network: nn.Module, padding: tuple[int, int] | None) -> None:
        super().__init__()
        self.network: Any = network
        self.padding = padding

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Embed ``pixel_values``, (B, 3, H, W), ``input_ids`` with its mask, int64 (B, S), or both."""
        texts = {name: value for name, value in features.items() if name != "pixel_values"}
        embedded = {}
        if "pixel_values" in features:
            image = self.network.get_image_features(pixel_values=features["pixel_values"])
            embedded["image_embeds"] = _pooled(image)
        if texts and self.padding is not None:
            ids, (length, token) = texts["input_ids"], self.padding
            behind = ids.new_full((len(ids), length), token)
            texts = {"input_ids": torch.cat((ids, behind), dim=1)[:, :length]}  # (B, length)
        if texts:
            embedded["text_embeds"] = _pooled(self.network.get_text_features(**texts))
        return {name: nn.functional.normalize(vector, dim=-1) for name, vector in embedded.items()}


def _pooled(features: Any) -> Tensor:
    """Return the vectors, (B, W), which transformers returns as part of a dict from 5 on."""
    pooled: Tensor = features if isinstance(features, Tensor) else features.pooler_output
    return pooled
