"""The options of a bundle's sessions, and what kernels would bring, in a line."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeattn_runtime.engine.kernels import installed
from edgeattn_runtime.timing.machine import Machine

_WANTED = ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp")  # of a CPU, any: products of int8

Threads = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Intra-op threads. Default: the bundle's.")
]
NoKernels = Annotated[
    bool, typer.Option("--no-kernels", help="Run stock operators, where edgeattn-kernels is installed too.")
]


def missing_kernels(machine: Machine) -> str | None:
    """Say what the kernels would bring to a machine where they are not installed; None where they are.

    Args:
        machine: This one.
    """
    if installed().library is not None:
        return None
    present = [name for name in _WANTED if name in machine.instruction_sets]
    if not present:
        return f"Kernels of edgeattn's own would gain nothing on this CPU: they want {', '.join(_WANTED)}."
    return (
        f"Int8 can be faster on this CPU ({', '.join(present)}) by kernels of edgeattn's own: "
        "pip install ./runtime/kernels in a checkout, then export again."
    )
