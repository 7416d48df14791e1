"""A case: one bundle, and what every runtime must make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from graphs import Array
from preparation import Preparation

Files = Mapping[str, bytes]  # of a bundle, by their paths
Entry = dict[str, Any]  # of cases.json: one thing that a case asks

ACCEPTED, GOLDEN_FAILS = "accepted", "golden-fails"
ERRORS = {"refused": "BundleError", "incompatible": "IncompatibleRuntimeError"}
REFUSED = {"error": "InputError"}
NEAR = 0.1  # of any number of an answer
_REFUSALS = json.loads(Path(__file__).with_name("refusals.json").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Case:
    """One bundle, the verdict that every runtime must reach, and what it must answer, prepare or refuse.

    Attributes:
        asks: Lists of entries by their key in cases.json, and other keys of the case.
        besides: Files that entries name, by their paths next to cases.json.
    """

    bundle: str
    why: str
    files: Files
    verdict: str = ACCEPTED
    asks: Mapping[str, Any] = field(default_factory=dict)
    besides: Files = field(default_factory=dict)

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


def accepted(
    bundle: str, why: str, files: Files, *, prepare: Sequence[Preparation] = (), **asks: Any
) -> Case:
    """Return the case of a bundle that every runtime opens, with what refusals.json has of it."""
    prepared = {"prepare": [each.entry() for each in prepare]} if prepare else {}
    besides = {path: data for each in prepare for path, data in each.written().items()}
    for key, entry in refusals(bundle):
        asks[key] = [*asks.get(key, ()), entry]
    return Case(bundle, why, files, asks={**prepared, **asks}, besides=besides)


def refusals(bundle: str) -> Iterator[tuple[str, Entry]]:
    """Yield what the bundle refuses: whole entries, of which a JSON merge patch breaks one rule."""
    for row in _REFUSALS:
        if bundle in row["of"]:
            yield from ((row["key"], _merged(row["whole"], patch)) for patch in row["but"])


def _merged(whole: Any, patch: Any) -> Any:
    """Return a value as a JSON merge patch (RFC 7396) leaves it."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(whole) if isinstance(whole, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def answered(inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Entry:
    """Return a call, and what its outputs must come near."""
    return {"inputs": tensors(inputs), "outputs": tensors(rounded(outputs)), "tolerance": NEAR}


def rounded(outputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return outputs in float32 or int8, rounded to where all machines agree: scales to six decimals."""
    return {
        name: array
        if array.dtype == np.int8
        else np.round(array, 6 if name.endswith("_scale") else 4).astype(np.float32)
        for name, array in outputs.items()
    }


def tensors(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Return arrays as cases.json holds them."""
    return {
        name: {"dtype": array.dtype.name, "shape": list(array.shape), "data": numbers(array)}
        for name, array in arrays.items()
    }


def numbers(array: Array, nan: str | None = "NaN") -> list[Any]:
    """Return numbers in C order, each as short as its dtype reads it back, with ``nan`` for a NaN."""
    if array.dtype.kind != "f":
        return list(array.ravel().tolist())
    return [nan if np.isnan(number) else float(str(number)) for number in array.ravel()]
