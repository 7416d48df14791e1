"""What `pip install edgeattn` leaves out: workshop, command line and Dask; a missing one is one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from edgeattn_runtime.errors import EdgeAttnError, install_command

# Its top-level modules; any other that is missing is somebody's mistake.
_MODULES = frozenset(
    {"dask", "distributed", "jinja2", "matplotlib", "msgspec", "onnx", "onnx_ir", "onnxscript", "rich"}
    | {"segno", "torch", "tornado", "typer"}
)


@contextmanager
def needed_by(what: str) -> Iterator[None]:
    """Name the remedy where what is done inside the block misses one of them, or meets another of its name.

    Raises:
        EdgeAttnError: One line, with the command that installs them or the folder that hides one.
    """
    try:
        yield
    except (AttributeError, ImportError) as error:
        if (hidden := _hidden()) is not None:
            raise EdgeAttnError(hidden) from error
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is None or missing.partition(".")[0] not in _MODULES:
            raise
        raise EdgeAttnError(f"{what} needs the workshop: {install_command('export')}") from error


def _hidden() -> str | None:
    """Say which module of another's hides an installed one; None where none does."""
    from importlib.metadata import PackageNotFoundError, distribution

    for name in sorted(_MODULES):
        try:
            installed = Path(str(distribution(name).locate_file(name)))
            spec = find_spec(name)
        except (PackageNotFoundError, ValueError):  # not installed, or without a spec
            continue
        if spec is None or spec.origin is None or not installed.is_dir():
            continue
        imported = Path(spec.origin)
        if imported.parent.resolve() != installed.resolve():
            return (
                f"Python imports {name} from {imported}, not from {installed}; rename it, or take its folder "
                "out of PYTHONPATH"
            )
    return None
