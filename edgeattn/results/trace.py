"""What ``edgeattn validate --trace`` finds: which module departs from PyTorch, and by how much."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SampleError:
    """A sample, as its trace input is called, and the error that is introduced there."""

    sample: str
    introduced: float


@dataclass(frozen=True, slots=True)
class Departure:
    """Relative errors of a graph to PyTorch at a point, over all samples together.

    Attributes:
        introduced: Of what the graph makes there of PyTorch's own tensors.
        accumulated: Of what flows there when the graph runs as ever.
        rounds: Whether the graph computes with integers in between.
        worst: Where the introduced error is largest, the worst first.
    """

    introduced: float
    accumulated: float
    rounds: bool
    worst: tuple[SampleError, ...]


@dataclass(frozen=True, slots=True)
class ModuleError:
    """The worst step of a module.

    Attributes:
        module: Its path; empty for the model itself.
        in_float: In the float graph.
        in_int8: In the int8 graph; None where that has left nothing of it.
        merged: Whether the int8 graph computes that step in one with what stands behind it.
        order: Of its first step among all, in PyTorch.
        excess: How many times what such a step may add it adds, in the graph where that is more.
        faults: The graphs that are wrong here: that compute in float, and not what PyTorch does.
    """

    module: str
    in_float: Departure
    in_int8: Departure | None
    merged: bool
    order: int
    excess: float
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """The errors of all modules, the worst first, and how many inputs were run."""

    modules: tuple[ModuleError, ...]
    inputs: int


@dataclass(frozen=True, slots=True)
class BundleTrace:
    """The trace of a bundle, and the target that was traced."""

    target: str
    trace: Trace
