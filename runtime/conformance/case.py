"""A case: one bundle, and what every runtime must make of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from breaking import Make, changed
from bundles import good

ACCEPTED, REFUSED, INCOMPATIBLE, GOLDEN_FAILS = "accepted", "refused", "incompatible", "golden-fails"
_OPTIONAL = (
    *("generate_many", "session", "prepare", "labels", "decode", "forecast", "run_many"),
    *("stream", "steps", "predictions"),
)
_ERRORS = {REFUSED: "BundleError", INCOMPATIBLE: "IncompatibleRuntimeError"}


@dataclass(frozen=True, slots=True)
class Case:
    """One bundle, the verdict that every runtime must reach, and what it must answer, prepare or refuse."""

    bundle: str
    verdict: str
    why: str
    make: Make
    calls: Iterable[dict[str, Any]] = ()
    generate: Iterable[dict[str, Any]] = ()
    generate_many: Iterable[dict[str, Any]] = ()
    session: Iterable[dict[str, Any]] = ()
    prepare: Iterable[dict[str, Any]] = ()
    labels: Iterable[dict[str, Any]] = ()
    decode: Iterable[dict[str, Any]] = ()
    predictions: Iterable[dict[str, Any]] = ()
    forecast: Iterable[dict[str, Any]] = ()
    run_many: Iterable[dict[str, Any]] = ()
    stream: Iterable[dict[str, Any]] = ()
    steps: Iterable[dict[str, Any]] = ()
    needs: str | None = None
    trusted_keys: Iterable[str] = ()
    golden: Iterable[list[Any]] = ()

    def table(self) -> dict[str, Any]:
        """Return what cases.json holds of it."""
        return {
            "bundle": self.bundle,
            "verdict": self.verdict,
            "why": self.why,
            "error": _ERRORS.get(self.verdict),
            "calls": list(self.calls),
            "generate": list(self.generate),
            **{kind: list(getattr(self, kind)) for kind in _OPTIONAL if getattr(self, kind)},
            **({"needs": self.needs} if self.needs else {}),
            **({"golden": list(self.golden)} if self.golden else {}),
            **({"trusted_keys": list(self.trusted_keys)} if self.trusted_keys else {}),
        }


def refused(bundle: str, why: str, make: Make, needs: str | None = None) -> Case:
    """Return the case of a bundle that no runtime may open."""
    return Case(bundle, REFUSED, why, make, needs=needs)


def in_both(*keys: str, to: Any, whole: Make = good) -> Make:
    """Return what changes a variant and its twin for browsers."""
    return changed("variants", 1, *keys, to=to, whole=changed(*VARIANT, *keys, to=to, whole=whole))


CAPACITY = {"min": 1, "max": 15}
ENTRY = {"sha256": "0" * 64, "size": 1}
VARIANT = ("variants", 0)
INPUTS = ("graphs", "model", "inputs")
SOURCES = ("generation", "sources")
