"""A case: one bundle, and what every runtime must make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Files = Mapping[str, bytes]  # of a bundle, by their paths
Entry = dict[str, Any]  # of cases.json: one thing that a case asks

ACCEPTED, GOLDEN_FAILS = "accepted", "golden-fails"
ERRORS = {"refused": "BundleError", "incompatible": "IncompatibleRuntimeError"}
REFUSED = {"error": "InputError"}


@dataclass(frozen=True, slots=True)
class Case:
    """One bundle, the verdict that every runtime must reach, and what it must answer, prepare or refuse.

    Attributes:
        bundle: Its name.
        why: What it shows.
        files: All of them.
        verdict: "accepted", "golden-fails", "refused" or "incompatible".
        asks: Lists of entries by their key in cases.json, and other keys of the case.
    """

    bundle: str
    why: str
    files: Files
    verdict: str = ACCEPTED
    asks: Mapping[str, Any] = field(default_factory=dict)

    def table(self) -> Entry:
        """Return what cases.json holds of it."""
        return {
            "bundle": f"{self.bundle}.edge",
            "verdict": self.verdict,
            "why": self.why,
            "error": ERRORS.get(self.verdict),
            "calls": [],
            "generate": [],
            **self.asks,
        }


def accepted(bundle: str, why: str, files: Files, **asks: list[Entry]) -> Case:
    """Return the case of a bundle that every runtime opens."""
    return Case(bundle, why, files, asks=asks)
