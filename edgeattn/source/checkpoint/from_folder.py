"""A part of a checkpoint that transformers opens: of local files, and without code of the folder's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}  # None asks on a terminal
# Of a single processor; of one that holds several, as transformers 5 saves them.
FILES = ("preprocessor_config.json", "processor_config.json")


def from_folder(auto: Any, folder: Path, **options: Any) -> Any:
    """Return what a class of transformers, such as ``AutoTokenizer``, reads from a folder.

    Raises:
        ValueError: It is code of the folder's own.
    """
    try:
        return auto.from_pretrained(folder, **LOCAL, **options)
    except ValueError as error:
        if "trust_remote_code" not in str(error):
            raise
        part = auto.__name__.removeprefix("Auto")
        raise ValueError(
            f"{part} of the folder's own found, code that is not run; a class of transformers expected, or "
            "write a model file"
        ) from error


def load_processor(auto: Any, folder: Path, **options: Any) -> Any:
    """Return a folder's processor of one kind.

    Raises:
        ValueError: There is none.
    """
    if not any((folder / name).is_file() for name in FILES):
        raise ValueError(
            f"no {FILES[0]} found; save the {_spaced(auto.__name__)} with the network by save_pretrained"
        )
    return from_folder(auto, folder, **options)


def _spaced(name: str) -> str:
    """Return "image processor" of ``AutoImageProcessor``."""
    letters = (f" {letter.lower()}" if letter.isupper() else letter for letter in name.removeprefix("Auto"))
    return "".join(letters).strip()
