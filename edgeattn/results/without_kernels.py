"""A bundle whose graphs kernels compute, as it runs where none are installed."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.results.accuracy import Accuracy
from edgeattn.results.check import Check, EdgeCase, Verdict, verdict_of
from edgeattn.results.latency import Race


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutKernels:
    """The same graphs by their bodies of stock operators, on the same samples.

    Attributes:
        checks: Of the budget.
        accuracy: Over the evaluation samples.
        latency_ms: Of the three side by side; None where the target's engine did not run.
        edge_cases: What users meet besides the samples.
    """

    checks: tuple[Check, ...]
    accuracy: Accuracy
    latency_ms: Race | None
    edge_cases: tuple[EdgeCase, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether all of it holds without kernels, too."""
        cases: list[Verdict] = ["pass" if case.ok else "fail" for case in self.edge_cases]
        return verdict_of([*(check.verdict for check in self.checks), *cases])
