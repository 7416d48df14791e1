"""MODEL and SAMPLES.npz of the command line: a Python file, or an ONNX file with its samples."""

from __future__ import annotations

from pathlib import Path

from edgeattn.source import handover
from edgeattn.source.module import ModuleSource
from edgeattn.source.onnx_file import OnnxSource
from edgeattn_runtime.errors import BadInput, ModelError


def read_source(model: str, samples: Path | None) -> ModuleSource | OnnxSource:
    """Read what was given.

    Args:
        model: A Python file, ``package.module`` or an ONNX file.
        samples: An .npz file beside an ONNX file; None beside the others, which yield their own.

    Raises:
        BadInput: Samples are missing, or are too many.
        ModelError: The Python file cannot be loaded.
    """
    if not is_onnx(model):
        if samples is not None:
            raise BadInput(f"{samples}: found beside {model}, which yields its own samples; leave it out")
        return handover.load(model)
    if samples is None:
        raise BadInput(f"{model}: no samples found; an .npz file of real inputs expected after it")
    return OnnxSource(Path(model), samples)


def check_files(model: str, samples: Path | None) -> None:
    """Check that a model's files are there, without reading them; arguments are those of ``read_source``.

    Raises:
        ModelError: One is missing.
    """
    if not is_onnx(model):
        handover.find(model)
        return
    for file in (Path(model), samples):
        if file is not None and not file.is_file():
            raise ModelError(f"{file}: no such file; check the path")


def is_onnx(model: str) -> bool:
    """Say whether a model's name is that of an ONNX file."""
    return Path(model).suffix.lower() == ".onnx"
