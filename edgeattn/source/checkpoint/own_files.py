"""The files that a checkpoint names: its own, and no others of this machine."""

from __future__ import annotations

import json
from pathlib import Path, PureWindowsPath
from typing import Any

ELSEWHERE = "special_tokens_map_file"  # of tokenizer_config.json: where training found it; no reader opens it


def read_json(file: Path) -> Any:
    """Return what a file of JSON holds."""
    return json.loads(file.read_text(encoding="utf-8"))


def own_path(folder: Path, file: str, name: str) -> Path:
    """Return the path of what a file of a folder names.

    Raises:
        ValueError: It leads out of the folder.
    """
    path = PureWindowsPath(name)  # which takes both kinds of slashes
    if path.anchor or ".." in path.parts:
        raise ValueError(f"{file}: {name} found, which lies outside of the folder; a path below it expected")
    return folder / name


def check_shards(folder: Path) -> None:
    """Check that the weights of a folder in several files are its own.

    Raises:
        ValueError: An index names a file outside of the folder.
    """
    for index in folder.glob("*.index.json"):
        for name in sorted(set(read_json(index)["weight_map"].values())):
            own_path(folder, index.name, name)


def check_tokenizer_files(folder: Path) -> None:
    """Check that tokenizer_config.json names no file of this machine outside of the folder.

    Some transformers open what it names in place of the folder's own. The paths of another machine are left
    there often, and do no harm.

    Raises:
        ValueError: It names one.
    """
    file = folder / "tokenizer_config.json"
    settings = read_json(file) if file.is_file() else {}
    for key, name in settings.items():
        if key.endswith("_file") and key != ELSEWHERE and isinstance(name, str) and Path(name).exists():
            own_path(folder, file.name, name)
