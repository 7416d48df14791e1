"""A checkpoint's processor: where its settings lie, and one that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeattn.source.checkpoint.from_folder import from_folder

# Of a processor alone; of one that holds several, as transformers 5 saves them.
FILES = ("preprocessor_config.json", "processor_config.json")


def load_processor(auto: Any, folder: Path, **options: Any) -> Any:
    """Return a folder's processor of one kind.

    Args:
        auto: A class of transformers, such as ``AutoImageProcessor``.
        folder: The checkpoint.
        options: Of ``from_pretrained``.

    Raises:
        ValueError: There is none.
    """
    if not any((folder / name).is_file() for name in FILES):
        raise ValueError(
            f"no {FILES[0]} found; save the {_spaced(auto.__name__)} beside the network with save_pretrained"
        )
    return from_folder(auto, folder, **options)


def _spaced(name: str) -> str:
    """Return "image processor" of ``AutoImageProcessor``."""
    letters = (f" {letter.lower()}" if letter.isupper() else letter for letter in name.removeprefix("Auto"))
    return "".join(letters).strip()
