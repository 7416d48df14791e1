"""A folder of images: one folder a label, or images without labels."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def read_images(folder: Path) -> Iterator[dict[str, object]]:
    """Yield the path of each ``image``, with the name of its folder as ``label`` where there are folders."""
    labeled = any(entry.is_dir() for entry in folder.iterdir())
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in IMAGES)
    random.Random(0).shuffle(files)  # so that each part of the samples has every label
    for file in files:
        yield {"image": file, "label": file.parent.name} if labeled else {"image": file}
