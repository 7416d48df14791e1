"""The model card of a checkpoint: what its README.md says for Hugging Face's hub."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

CARD_KEYS = ("license", "license_name", "license_link", "language", "base_model", "datasets", "pipeline_tag")


def card_of(folder: Path) -> dict[str, str | list[str]]:
    """Return of a README's front matter what holds for the bundle too; nothing where there is none."""
    file = folder / "README.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    front = re.match(r"---\n(.*?)\n---\s*\n", text, re.DOTALL)
    content = yaml.safe_load(front[1]) if front is not None else None
    table = content if isinstance(content, dict) else {}
    return {name: table[name] for name in CARD_KEYS if _is_text(table.get(name))}


def _is_text(value: object) -> bool:
    """Say whether it is a text or a list of texts."""
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )
