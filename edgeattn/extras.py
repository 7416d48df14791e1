"""What `pip install edgeattn` leaves out: workshop, command line and Dask, told in one line when missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from edgeattn_runtime.errors import EdgeAttnError

# Top-level modules by extra; any other that is missing is somebody's mistake.
_MODULES = {
    "export": frozenset(
        {"dask", "distributed", "jinja2", "matplotlib", "msgspec", "onnx", "onnx_ir", "onnxscript", "rich"}
        | {"segno", "torch", "tornado", "typer"}
    ),
    "device": frozenset({"dask", "distributed"}),
}
_NOUNS = {"export": "the workshop", "device": "Dask"}


@contextmanager
def needed_by(what: str, *, extra: Literal["export", "device"] = "export") -> Iterator[None]:
    """Tell how to install an extra where an import inside the block misses a module of it.

    Raises:
        EdgeAttnError: One line with the command.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _MODULES[extra]:
            raise
        raise EdgeAttnError(f"{what} needs {_NOUNS[extra]}: pip install 'edgeattn[{extra}]'") from error
