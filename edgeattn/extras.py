"""What `pip install edgeattn` leaves out: the workshop and the command line, told in one line when missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeattn_runtime.errors import EdgeAttnError

# Top-level modules of edgeattn[export]; any other that is missing is somebody's mistake, not an extra.
_EXPORT = frozenset(
    {"jinja2", "matplotlib", "msgspec", "onnx", "onnx_ir", "onnxscript", "rich"}
    | {"segno", "torch", "tornado", "typer"}
)


@contextmanager
def needed_by(what: str) -> Iterator[None]:
    """Tell how to install the extra ``export`` where an import inside the block misses a module of it.

    Raises:
        EdgeAttnError: One line with the command.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXPORT:
            raise
        raise EdgeAttnError(f"{what} needs the workshop: pip install 'edgeattn[export]'") from error
