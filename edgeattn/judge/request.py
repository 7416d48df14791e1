"""What was asked of an export: read once, and handed down as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn.judge.budget import Budget
from edgeattn.judge.objective import Objective
from edgeattn_export.search import Bench, Store
from edgeattn_export.targets import TARGETS, Target
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.machine import Machine


@dataclass(frozen=True, slots=True)
class Request:
    """What a bundle is to be.

    Attributes:
        target: What it is for.
        budget: The limits.
        objective: What to minimize within them.
        machine: Where it is measured.
    """

    target: Target
    budget: Budget
    objective: Objective
    machine: Machine

    @classmethod
    def read(
        cls,
        target: str,
        budget: Mapping[str, float] | None,
        objective: Objective,
        *,
        has_metric: bool = False,
    ) -> Request:
        """Read what a caller asks for.

        Raises:
            BudgetError: A limit that is unknown, or that nothing can meet.
            BadInput: An unknown target.
        """
        limits = Budget.read(budget, has_metric=has_metric)
        if target not in TARGETS:
            raise BadInput(f"target {target!r}: unknown; expected one of {', '.join(TARGETS)}")
        return cls(TARGETS[target], limits, objective, Machine.here())

    def bench(self) -> Bench:
        """Return where the search measures: here, with what this user measured before."""
        return Bench(self.target.candidates, self.device, Store.of_user())

    @property
    def device(self) -> str:
        """What measurements depend on: the processor, its instruction sets, and the engine's version."""
        sets, engine = " ".join(self.machine.instruction_sets), self.target.engine.name
        return f"{self.machine.cpu}; {sets}; {engine} {self.machine.versions[engine]}"
