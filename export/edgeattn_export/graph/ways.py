"""The ways in which devices run one graph. What proves, times or reports goes over them, and names none.

To add one, such as another engine's reading of the same file: a line in ``WAYS``, the fastest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.functions import inlined


@dataclass(frozen=True, slots=True)
class Way:
    """One of them.

    Attributes:
        name: As reports have it.
        written: Returns the graph whose nodes are those that run.
    """

    name: str
    written: Callable[[ir.Model], ir.Model]


def _as_it_is(model: ir.Model) -> ir.Model:
    return model


WAYS = (Way("with kernels", _as_it_is), Way("without kernels", inlined))


def ways_of(models: Iterable[ir.Model]) -> tuple[Way, ...]:
    """Return the ways in which these graphs run differently: only the last where no kernel computes any."""
    return WAYS if any(model.functions for model in models) else WAYS[-1:]
