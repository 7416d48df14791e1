"""The option ``--no-kernels``, and the line that tells which way a bundle's sessions go."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeattn_runtime.kernels import NONE
from edgeattn_runtime.model import Model

NoKernels = Annotated[
    bool, typer.Option("--no-kernels", help="Run stock operators, where edgeattn-kernels is installed too.")
]


def tell_kernels(model: Model) -> None:
    """Say on stderr which way a model's sessions go, where its graphs have nodes for kernels."""
    if model.kernels != NONE:
        typer.echo(str(model.kernels), err=True)
