"""A part of a checkpoint that transformers opens: of local files, and without code of the folder's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LOCAL: dict[str, Any] = {
    "local_files_only": True,
    "trust_remote_code": False,
}  # None asks on a terminal


def from_folder(auto: Any, folder: Path, **options: Any) -> Any:
    """Return what a class of transformers reads from a folder.

    Args:
        auto: Such as ``AutoTokenizer``.
        folder: The checkpoint.
        options: Of ``from_pretrained``.

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
