"""A bundle as it runs in another way than the one that a report's figures are of, such as without kernels."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.results.accuracy import Accuracy
from edgeattn.results.check import Check, EdgeCase, Verdict, verdict_of
from edgeattn.results.latency import Race


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWay:
    """The same graphs in another way, on the same samples.

    Attributes:
        name: Of the way, such as "without kernels".
        checks: Of the budget.
        accuracy: Over the evaluation samples.
        latency_ms: Of the three side by side; None where the target's engine did not run.
        edge_cases: What users meet besides the samples.
    """

    name: str
    checks: tuple[Check, ...]
    accuracy: Accuracy
    latency_ms: Race | None
    edge_cases: tuple[EdgeCase, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether all of it holds in this way, too."""
        cases: list[Verdict] = ["pass" if case.ok else "fail" for case in self.edge_cases]
        return verdict_of([*(check.verdict for check in self.checks), *cases])
