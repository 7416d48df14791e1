"""The model file that stands for a checkpoint and its data: task, reader and metric, in one file."""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from types import ModuleType

from edgeattn.source.checkpoint.checkpoint import Checkpoint, check_dims
from edgeattn.source.checkpoint.samples.columns import rows_by_role
from edgeattn_runtime.errors import BadInput

_OWN = "edgeattn.source.checkpoint"
_FUTURE = "__future__"

# What a model's file may define, and a task has.
_NAMES = (
    *("model", "samples", "raw", "dynamic", "metric", "pretty", "processing", "generation", "card"),
    "budget",
)


def write_model(checkpoint: Checkpoint, file: Path) -> None:
    """Write a model file that exports to the checkpoint's bundle.

    Of edgeattn it imports no more than what prepares images on a device.

    Args:
        checkpoint: Its folder and data are named relative to the file.
        file: Such as ``my-model/model.py``.

    Raises:
        BadInput: There is such a file, or its name does not end in .py; or the checkpoint is none.
    """
    if file.suffix != ".py" or file.exists():
        raise BadInput(f"{file}: the name of a new Python file expected, such as my-model/model.py")
    source = model_source(checkpoint, file.resolve().parent)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")


def model_source(checkpoint: Checkpoint, parent: Path) -> str:
    """Return the content of a model file in the folder ``parent``, with names as literals."""
    task, reader = checkpoint.task, checkpoint.reader
    pieces = _Pieces()
    for part in (rows_by_role, reader, task):
        pieces.add(inspect.getmodule(part))
    places = (os.path.relpath(each.resolve(), parent) for each in (checkpoint.folder, checkpoint.data))
    folder, data = (Path(place).as_posix() for place in places)
    title = f"{checkpoint.name}, a checkpoint, with its samples."
    return "\n".join(
        [
            f"{title!r}\n",
            f"from {_FUTURE} import annotations\n",
            *pieces.imports(),
            *pieces.bodies,
            "\nHERE = Path(__file__).parent",
            f"COLUMNS = {dict(checkpoint.columns)!r}\n",
            f"table = {reader.__name__}(HERE / {data!r})",
            f"rows = rows_by_role(table, COLUMNS, {task.__name__}.needed, {task.__name__}.optional)",
            f"checkpoint = {task.__name__}(HERE / {folder!r}, rows{_options(checkpoint)})\n",
            *(f"{name} = checkpoint.{name}" for name in _NAMES),
            "",
        ]
    )


class _Pieces:
    """The code of modules, each after those of this package that it imports, and all their other imports."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self._modules: set[str] = set()
        self._plain: set[str] = set()
        self._names: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, module: ModuleType | None) -> None:
        """Add a module, once."""
        if module is None or module.__name__ in self._modules:
            return
        self._modules.add(module.__name__)
        source = inspect.getsource(module)
        begin = 0
        for node in ast.parse(source).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_OWN):
                self.add(import_module(str(node.module)))
            elif isinstance(node, ast.ImportFrom) and node.module != _FUTURE:
                self._names[str(node.module)] |= set(map(ast.unparse, node.names))
            elif isinstance(node, ast.Import):
                self._plain |= {alias.name for alias in node.names}
            if isinstance(node, ast.Import | ast.ImportFrom):
                begin = node.end_lineno or begin
        self.bodies.append("\n" + "\n".join(source.splitlines()[begin:]).strip("\n") + "\n")

    def imports(self) -> list[str]:
        """Return the lines that import what is not of this package, Python's own first."""
        lines = [(name, f"import {name}") for name in self._plain]
        lines += [(m, f"from {m} import {', '.join(sorted(names))}") for m, names in self._names.items()]
        own: list[str] = []
        others: list[str] = []
        for name, line in sorted(lines, key=lambda each: (each[1].startswith("from"), each[0])):
            (own if name.partition(".")[0] in sys.stdlib_module_names else others).append(line)
        return [*own, "", *others, ""]


def _options(checkpoint: Checkpoint) -> str:
    if checkpoint.dims is None:
        return ""
    check_dims(checkpoint.task)
    return f", dims={checkpoint.dims}"
