"""Options that several commands have: of a model's samples, of a bundle's sessions, and of devices."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from edgeattn_runtime.errors import BadInput

SamplesArgument = Annotated[
    Path | None, typer.Argument(metavar="SAMPLES", help="Real inputs, for an ONNX file or a checkpoint.")
]
Samples = Annotated[
    Path | None, typer.Option("--samples", metavar="DATA", help="SAMPLES by a name: a file, or a folder.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ROLE=COLUMN,ROLE=COLUMN",
        help="What a checkpoint takes columns of SAMPLES for: label=stars.",
    ),
]
Dims = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Numbers kept of a checkpoint's embedding, at length 1 (Matryoshka).",
    ),
]
Threads = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Intra-op threads. Default: the bundle's.")
]
NoKernels = Annotated[
    bool, typer.Option("--no-kernels", help="Run stock operators, where edgeattn-kernels is installed too.")
]
On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="HOST",
        help="Measure on this device: an SSH destination, or a name in devices.toml; may be repeated.",
    ),
]


def one_of(argument: Path | None, option: Path | None) -> Path | None:
    """Return the samples, named once.

    Raises:
        BadInput: They are named twice, or a column stands in their place.
    """
    if argument is not None and "=" in argument.name and not argument.exists():
        raise BadInput(
            f"{argument}: ROLE=COLUMN found in place of samples; join columns by commas: "
            "--columns text=review,label=stars"
        )
    if argument is not None and option is not None:
        raise BadInput(f"--samples {option}: found with {argument}; name samples once")
    return argument or option


def parse_columns(options: Iterable[str]) -> dict[str, str]:
    """Return columns by role.

    Raises:
        BadInput: No column or no role stands there, or a role twice.
    """
    columns: dict[str, str] = {}
    for each in (part for option in options for part in option.split(",")):
        role, _, column = each.partition("=")
        if not role or not column or role in columns:
            raise BadInput(f"--columns {each}: ROLE=COLUMN expected, each role once, such as label=stars")
        columns[role] = column
    return columns
