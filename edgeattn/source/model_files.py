"""The files that MODEL of the command line names, found without PyTorch, whose import takes seconds."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from edgeattn.source.checkpoint.named import local_checkpoint
from edgeattn.source.own_code import importable, user_errors
from edgeattn_runtime.errors import ModelError

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def check_files(model: str, samples: Path | None) -> None:
    """Check that a model's files are there, without reading them.

    Raises:
        ModelError: One is missing.
    """
    model = local_checkpoint(model)
    if not needs_samples(model):
        find(model)
        return
    for file in (Path(model), samples):
        if file is not None and not file.exists():
            raise ModelError(f"{file}: no such file; check the path")


def is_program(model: str) -> bool:
    """Say whether a model's name is that of a program of torch.export."""
    return Path(model).suffix.lower() == ".pt2"


def needs_samples(model: str) -> bool:
    """Say whether a model has no samples of its own."""
    return Path(model).suffix.lower() == ".onnx" or is_program(model) or is_checkpoint(model)


def is_checkpoint(model: str) -> bool:
    """Say whether a model's name is that of a folder that holds no model file."""
    return Path(model).is_dir() and not (Path(model) / "model.py").is_file()


def find(source: str) -> Path:
    """Return the file that a model's name stands for.

    Raises:
        ModelError: There is none.
    """
    path = Path(source)
    if path.is_file():
        return path.resolve()
    if path.is_dir():
        raise ModelError(f"{source}: a folder found, a Python file expected; try {path / 'model.py'}")
    if path.suffix == ".py" or not _DOTTED.fullmatch(source):
        raise ModelError(f"{source}: no such file; expected a Python file or package.module; check the path")
    with importable(Path.cwd()), user_errors(path):
        try:
            spec = importlib.util.find_spec(source)
        except ModuleNotFoundError as error:
            raise ModelError(f"{source}: no such module ({error}); check the name, or give a file") from error
    if spec is None or spec.origin is None or not spec.has_location:
        raise ModelError(f"{source}: no such file and no such module; check the name, or give a file")
    return Path(spec.origin).resolve()
