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
        latency_ms: Of the three side by side; None where the target's engine did not run.
    """

    name: str
    checks: tuple[Check, ...]
    accuracy: Accuracy
    latency_ms: Race | None
    edge_cases: tuple[EdgeCase, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether all of it holds in this way, too."""
        return verdict_of((*(it.verdict for it in self.checks), *(it.verdict for it in self.edge_cases)))
