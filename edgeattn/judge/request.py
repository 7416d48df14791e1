"""What was asked of an export: read once, and handed down as one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edgeattn.judge.budget import Budget
from edgeattn.judge.objective import Objective
from edgeattn.measure.place import Place
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.search import Bench, Store
from edgeattn_export.targets import TARGETS, Target
from edgeattn_runtime.errors import BadInput, BudgetError
from edgeattn_runtime.machine import Machine


@dataclass(frozen=True, slots=True)
class Request:
    """What a bundle is to be.

    Attributes:
        targets: What it is for, the preferred one first.
        budget: The limits.
        objective: What to minimize within them.
        places: Where it is measured, the preferred one first.
    """

    targets: tuple[Target, ...]
    budget: Budget
    objective: Objective
    places: tuple[Place, ...]

    @classmethod
    def read(
        cls,
        targets: str | Sequence[str],
        budget: Mapping[str, float] | None,
        objective: Objective,
        *,
        has_metric: bool = False,
        places: Sequence[Place] = (),
    ) -> Request:
        """Read what a caller asks for; without ``places`` it is measured here.

        Raises:
            BudgetError: A limit that is unknown, or that nothing can meet.
            BadInput: An unknown target, or one that is named twice, or none.
        """
        limits = Budget.read(budget, has_metric=has_metric)
        targets = (targets,) if isinstance(targets, str) else tuple(targets)
        for i, name in enumerate(targets):
            if name not in TARGETS:
                raise BadInput(f"target {name!r}: unknown; expected one of {', '.join(TARGETS)}")
            if name in targets[:i]:
                raise BadInput(f"target {name!r}: given twice, once expected; leave one out")
        if not targets:
            raise BadInput(f"no target; expected at least one of {', '.join(TARGETS)}")
        found = tuple(TARGETS[name] for name in targets)
        for target in found:
            check_measurable(target, limits)
        return cls(found, limits, objective, tuple(places) or (Place.here(),))

    @property
    def target(self) -> Target:
        """The preferred one, or the only one."""
        return self.targets[0]

    @property
    def place(self) -> Place:
        """The preferred one, or the only one."""
        return self.places[0]

    @property
    def machine(self) -> Machine:
        """Where it is measured."""
        return self.place.machine

    def each(self) -> Iterator[Request]:
        """Yield what is asked for each target alone."""
        yield from (replace(self, targets=(target,)) for target in self.targets)

    def bench(self) -> Bench:
        """Return where the search measures, with what this user measured there before."""
        place = self.place
        return Bench(self.target.candidates, self.device, Store.of_user(), place.host, place.threads)

    @property
    def device(self) -> str:
        """What measurements depend on: the processor, its instruction sets, threads, the engine's version."""
        sets, engine = " ".join(self.machine.instruction_sets), self.target.prover.name
        threads = f"; {self.place.threads} threads" if self.place.threads > 1 else ""
        return f"{self.machine.cpu}; {sets}; {engine} {self.machine.versions[engine]}{threads}"


def check_measurable(target: Target, budget: Budget) -> None:
    """Check that a target's files can be written here, and that a budget limits only what can be measured.

    Raises:
        BadInput: What compiles the files is not installed.
        BudgetError: A limit on time or memory, and the target's engine does not run in this process, or not
            as fast as on a device.
    """
    host, compiler, limits = target.engine.host, target.engine.format.compiler, budget.limits
    if compiler is not None and (lacking := compiler.missing()) is not None:
        raise BadInput(f"target {target.name!r}: its compiler is not here: {lacking}")
    unknown = {"memory_mb"} if host is not HERE else set()
    unknown |= {"latency_ms", "latency_ratio"} if host.emulated or host.missing() else set()
    for name in limits:
        if name in unknown:
            raise BudgetError(
                f"budget {name}: cannot be measured for target {target.name!r} here; leave it out, and "
                "measure on the device: python -m edgeattn_runtime bench"
            )
