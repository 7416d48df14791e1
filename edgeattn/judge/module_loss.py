"""What a report keeps of a trace: the errors of each module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModuleLoss:
    """Relative errors of one module to PyTorch, see ``edgeattn.judge.trace.trace``.

    Attributes:
        module: Its path; empty for the model itself.
        introduced: By the module itself, in the bundle; None where nothing is left of it.
        accumulated: There, as the bundle's graph runs.
        in_float: Introduced by the float graph.
        wrong: Whether a graph computes it in float, and not as PyTorch does.
    """

    module: str
    introduced: float | None
    accumulated: float | None
    in_float: float
    wrong: bool
