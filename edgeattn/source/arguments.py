"""MODEL and SAMPLES of the command line: a Python file; an ONNX or .pt2 file or a checkpoint with samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgeattn.source import handover
from edgeattn.source.checkpoint.checkpoint import Checkpoint
from edgeattn.source.exported_program import read_exported_program
from edgeattn.source.model_files import find, is_checkpoint, is_program, local_checkpoint, needs_samples
from edgeattn.source.onnx_file import OnnxSource
from edgeattn.source.source import Source
from edgeattn_runtime.errors import BadInput


def read_source(
    model: str, samples: Path | None, columns: Mapping[str, str] | None = None, dims: int | None = None
) -> Source:
    """Read what was given.

    Args:
        model: A Python file, ``package.module``, an ONNX file, a .pt2 file or a checkpoint: its folder, or
            its name where it was downloaded.
        samples: The .npz file of an ONNX or .pt2 file; the data of a checkpoint; None for other models,
            which yield their own.
        columns: What the data's columns are to a checkpoint's task.
        dims: How many numbers of a checkpoint's embedding are kept; None for all.

    Raises:
        BadInput: Samples are missing, or are too many; or the checkpoint cannot be read.
        ModelError: The Python file cannot be loaded.
    """
    model = local_checkpoint(model)
    if is_checkpoint(model):
        return checkpoint_of(model, samples, columns, dims).read()
    if dims is not None:
        raise BadInput(f"--dims: found with {model}, a sentence embedding expected; leave it out")
    if columns:
        raise BadInput(f"--columns: found with {model}, whose samples have none; leave it out")
    if is_program(model) and samples is not None:
        return read_exported_program(Path(model), samples)
    if not needs_samples(model):
        if samples is not None:
            find(model)  # one that is not there is reported first
            raise BadInput(f"{samples}: found with {model}, which yields its own samples; leave it out")
        return handover.load(model)
    if samples is None:
        raise BadInput(f"{model}: no samples found; an .npz file of real inputs expected after it")
    return OnnxSource(Path(model), samples)


def checkpoint_of(
    model: str, samples: Path | None, columns: Mapping[str, str] | None = None, dims: int | None = None
) -> Checkpoint:
    """Return a checkpoint with its data; arguments are those of ``read_source``.

    Raises:
        BadInput: It is none, or there is no data.
    """
    model = local_checkpoint(model)
    if not is_checkpoint(model):
        raise BadInput(f"{model}: the folder of a checkpoint expected")
    if samples is None:
        raise BadInput(f"{model}: no samples found; real inputs expected: --samples FILE")
    return Checkpoint(Path(model), samples, columns or {}, dims)
