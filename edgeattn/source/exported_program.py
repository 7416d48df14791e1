"""A .pt2 file, which torch.export.save wrote, and an .npz file of its real inputs."""

from __future__ import annotations

import inspect
from pathlib import Path

import torch
from torch import Tensor, nn

from edgeattn.source.module import ModuleSource
from edgeattn.source.source import naming_file
from edgeattn_export.capture.read_samples import read_npz
from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import ModelError


def read_exported_program(file: Path, npz: Path) -> ModuleSource:
    """Read a program and its samples, see ``edgeattn_export.capture.read_samples.read_npz``.

    Raises:
        ModelError: The file holds no program.
        SampleError: The .npz holds no samples.
    """
    with refusing(ModelError, str(file), "no program of torch.export", "save it with torch.export.save"):
        program = torch.export.load(file).module()
    with naming_file(npz):
        samples = [sample.inputs for sample in read_npz(npz)]
    return ModuleSource(name=file.stem, module=ExportedProgram(program), samples=samples, file=npz)


class ExportedProgram(nn.Module):
    """A program's graph, called by the names of its inputs.

    Args:
        graph: What ``ExportedProgram.module()`` returns. It was in eval mode when it was exported.
    """

    def __init__(self, graph: nn.Module) -> None:
        super().__init__()
        for refused in ("train", "eval"):  # which its graph, that knows one mode, raises from
            vars(graph).pop(refused, None)
        self.graph, self.names = graph, tuple(inspect.signature(graph.forward).parameters)
        self.eval()

    def forward(self, features: dict[str, Tensor]) -> object:
        """Call the program with inputs by their names."""
        return self.graph(*(features[name] for name in self.names))
