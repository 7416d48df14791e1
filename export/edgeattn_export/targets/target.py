"""What a target is: the engine that runs its graphs, and what the engine is good at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeattn_export.capture.captured import OPSET
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.fixed import BucketLimits
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.search.candidates import NO_KERNELS, Candidates, Kernels
from edgeattn_export.targets.operators import Operators


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place where bundles run.

    Attributes:
        name: As the command line and the manifest have it.
        engine: What its graphs are opened with on a device, and their providers, options, needs and host.
        stand_in: What stands in for it while an export proves rewrites, calibrates and searches: an engine
            of this process. None where the engine itself is one.
        lowerings: Rewrites to what the engine is fast at, in order; each is proven or undone.
        forms: The int8 forms that the engine has kernels for.
        candidates: Which of them the search tries.
        kernels: What it tries besides, where edgeattn's own kernels are installed.
        operators: Reads what its first execution provider says that it takes; None where nothing is said.
        opset: The newest that the engine reads.
        bucket_limits: How many sizes its graphs may fix, a graph each; None where one graph takes any.
        needs: What a device must have, in words.
        tested: How it was tested, in words.
    """

    name: str
    engine: Engine
    stand_in: Engine | None = None
    lowerings: tuple[Rule, ...]
    forms: Forms
    candidates: Candidates
    kernels: Kernels = NO_KERNELS
    operators: Callable[[], Operators] | None = None
    opset: int = OPSET
    bucket_limits: BucketLimits | None = None
    needs: str
    tested: str

    @property
    def prover(self) -> Engine:
        """What proves rewrites, calibrates and searches, in this process."""
        return self.engine if self.stand_in is None else self.stand_in

    @property
    def device(self) -> Engine:
        """What its graphs are evaluated on: its own engine where the host is there, else the stand-in."""
        return self.prover if self.engine.host.missing() else self.engine
