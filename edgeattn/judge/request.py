"""What was asked of an export: read once, and handed down as one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from edgeattn.judge.budget import Budget
from edgeattn.measure.place import Place
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.quantize import Recipe
from edgeattn_export.search import Rig, Store
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.goal import Prefer
from edgeattn_export.targets import ON, TARGETS, Target
from edgeattn_runtime.errors import BadInput, BudgetError
from edgeattn_runtime.timing.machine import Machine


@dataclass(frozen=True, slots=True)
class Objective:
    """What to minimize within the budget, or what to follow instead of a search.

    Attributes:
        prefer: "speed" minimizes latency, "size" the graphs with their weights.
        recipe: One to follow; None searches.
        draft: Whether the target's rule is followed where there is no recipe, and few samples prove it.
    """

    prefer: Prefer = "speed"
    recipe: Recipe | None = None
    draft: bool = False

    @property
    def searches(self) -> bool:
        """Whether recipes are tried to find one."""
        return self.recipe is None and not self.draft


FASTEST = Objective()


@dataclass(frozen=True, slots=True)
class Request:
    """What a bundle is to be.

    Attributes:
        targets: What it is for, the preferred one first.
        places: Where it is measured, the preferred one first.
        one_recipe: Whether one recipe serves all places, instead of a variant each.
    """

    targets: tuple[Target, ...]
    budget: Budget
    objective: Objective
    places: tuple[Place, ...]
    one_recipe: bool = False

    @classmethod
    def read(
        cls,
        targets: str | Sequence[str],
        budget: Mapping[str, float] | None,
        objective: Objective,
        *,
        has_metric: bool = False,
        places: Sequence[Place] = (),
        one_recipe: bool = False,
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
        chosen = tuple(TARGETS[name] for name in targets)
        at = tuple(places) or (Place.here(),)
        for target in chosen:
            check_measurable(target, limits, at)
        return cls(chosen, limits, objective, at, one_recipe)

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
        """Yield the request for each single variant: of a target, and of one of several devices."""
        if len(self.places) == 1 or self.one_recipe:
            yield from (replace(self, targets=(target,)) for target in self.targets)
            return
        for target, place in product(self.targets, self.places):
            variant = replace(target, name=f"{target.name}{ON}{place.name}")
            yield replace(self, targets=(variant,), places=(place,))

    @property
    def engine(self) -> Engine:
        """What its graphs are timed by: the target's own engine on a device, or what there is of it here."""
        return self.target.device if self.place.is_here else self.target.engine.on(self.place.host)

    @property
    def is_own_engine(self) -> bool:
        """Whether that is the target's own engine, and no stand-in."""
        return not self.place.is_here or self.target.device is self.target.engine

    @property
    def is_in_process(self) -> bool:
        """Whether that engine runs in this process, so that its times and its inside can be looked at."""
        return self.is_own_engine and self.place.is_here and self.engine.host is HERE

    def rig(self) -> Rig:
        """Return where the search measures, with what this user measured there before."""
        return self.rigs()[0]

    def rigs(self) -> tuple[Rig, ...]:
        """Return as ``rig`` does, for each place."""
        store, here = Store.of_user(), self._device(Place.here())
        return tuple(
            Rig(self._candidates(place), self._device(place), store, place.host, place.threads, here)
            for place in self.places
        )

    def _candidates(self, place: Place) -> Candidates:
        """Return what is tried, edgeattn's own kernels where those are installed."""
        candidates = self.target.candidates
        return replace(candidates, kernels=self.target.kernels) if place.machine.kernels else candidates

    @property
    def device(self) -> str:
        """What times depend on: the processor, its instruction sets, the engine's version, the device."""
        return self._device(self.place)

    def _device(self, place: Place) -> str:
        sets, engine = " ".join(place.machine.instruction_sets), self.target.prover.name
        named = "" if place.is_here else f"; {place.name} with {place.threads} threads"
        kernels = "" if place.machine.kernels is None else f"; {place.machine.kernels}"
        return f"{place.machine.cpu}; {sets}; {engine} {place.machine.versions[engine]}{kernels}{named}"


def check_measurable(target: Target, budget: Budget, places: Sequence[Place] = ()) -> None:
    """Check that a target's files can be written here, and that a budget limits only what can be measured.

    Without ``places`` it is measured here.

    Raises:
        BadInput: What compiles the files is not installed.
        BudgetError: A limit on time or memory, and the target's engine does not run in this process, or not
            as fast as on a device.
    """
    host, compiler, limits = target.engine.host, target.engine.format.compiler, budget.limits
    if compiler is not None and (lacking := compiler.missing()) is not None:
        raise BadInput(f"target {target.name!r}: its compiler is not here: {lacking}")
    if any(not place.is_here for place in places):
        if "latency_ratio" in limits:
            raise BudgetError(
                "budget latency_ratio: cannot be measured on a device, which has no PyTorch; limit latency_ms"
            )
        return
    unknown = {"memory_mb"} if host is not HERE else set()
    unknown |= {"latency_ms", "latency_ratio"} if host.emulated or host.missing() else set()
    for name in limits:
        if name in unknown:
            raise BudgetError(
                f"budget {name}: cannot be measured for target {target.name!r} here; leave it out, and "
                "measure on the device: python -m edgeattn_runtime bench"
            )
