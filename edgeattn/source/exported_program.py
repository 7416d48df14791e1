"""A .pt2 file, which torch.export.save wrote, and an .npz file of its real inputs."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - an error, which unpickles nothing

import torch
from torch import Tensor, nn

from edgeattn.source.confined import tensors_only
from edgeattn.source.module import ModuleSource, naming_file
from edgeattn_export.capture.samples.read_samples import read_npz
from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import ModelError

_UNKNOWN = re.compile(r"torch\.ops\.((\w+)\.\w+)\S* to an operator")  # as torch.export.load says it
_CONVERTED = "quantized_decomposed"  # operators of the programs that ``convert_pt2e`` makes


def read_exported_program(file: Path, npz: Path) -> ModuleSource:
    """Read a program and its samples, see ``edgeattn_export.capture.samples.read_samples.read_npz``.

    Raises:
        ModelError: There is no such file, or it holds no program, or one that is converted to int8 already,
            of operators from outside PyTorch, or with a pickle of other objects than tensors.
        SampleError: The .npz holds no samples.
    """
    if not file.is_file():
        raise ModelError(f"{file}: no such file; expected a program of torch.export")
    with refusing(ModelError, str(file), "no program of torch.export", "save it with torch.export.save"):
        program = _load(file).module()
    with naming_file(npz):
        samples = [sample.inputs for sample in read_npz(npz)]
    return ModuleSource.of(ProgramModule(program), samples, file.stem, file=npz)


def _load(file: Path) -> torch.export.ExportedProgram:
    with _kept_log("torch.export") as log:
        try:
            with tensors_only():  # torch.export would unpickle any object, where tensors are not all there is
                return torch.export.load(file)
        except UnpicklingError as error:
            raise ModelError(
                f"{file}: a pickle of other objects than tensors found, which may run code; export the "
                "program with tensors as its inputs and constants"
            ) from error
        except Exception as error:
            reasons = (str(record.exc_info[1]) for record in log if record.exc_info)
            for unknown in filter(None, map(_UNKNOWN.search, reasons)):
                raise ModelError(_unknown_operator(file, *unknown.groups())) from error
            raise


def _unknown_operator(file: Path, operator: str, namespace: str) -> str:
    if namespace == _CONVERTED:
        return (
            f"{file}: a program that is converted to int8 already found, by its operator {operator}; one "
            "with float weights expected, which the bundle is compared with: save it before convert"
        )
    return (
        f"{file}: its operator {operator} is none of PyTorch's own; hand over the module that was exported, "
        "in a Python file"
    )


@contextmanager
def _kept_log(name: str) -> Iterator[list[logging.LogRecord]]:
    """Keep a logger's output, a traceback of many lines to which only its error refers."""
    log: list[logging.LogRecord] = []

    def keep(record: logging.LogRecord) -> bool:
        log.append(record)
        return False

    logger = logging.getLogger(name)
    logger.addFilter(keep)
    try:
        yield log
    finally:
        logger.removeFilter(keep)


class ProgramModule(nn.Module):
    """A program, called by the names of its inputs.

    Args:
        program: What ``torch.export.ExportedProgram.module()`` returns, exported in eval mode.
    """

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        for refused in ("train", "eval"):  # which its graph, that knows one mode, raises from
            vars(program).pop(refused, None)
        self.program, self.names = program, tuple(inspect.signature(program.forward).parameters)
        self.eval()

    def forward(self, features: dict[str, Tensor]) -> object:
        """Call the program with inputs by their names."""
        return self.program(*(features[name] for name in self.names))
