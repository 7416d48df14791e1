"""What `pip install edgeattn` leaves out: workshop, command line and Dask, told in one line when missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeattn_runtime.errors import EdgeAttnError

# Its top-level modules; any other that is missing is somebody's mistake.
_MODULES = frozenset(
    {"dask", "distributed", "jinja2", "matplotlib", "msgspec", "onnx", "onnx_ir", "onnxscript", "rich"}
    | {"segno", "torch", "tornado", "typer"}
)


@contextmanager
def needed_by(what: str) -> Iterator[None]:
    """Tell how to install them where an import inside the block misses one.

    Raises:
        EdgeAttnError: One line with the command.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _MODULES:
            raise
        raise EdgeAttnError(f"{what} needs the workshop: pip install 'edgeattn[export]'") from error
