"""What every entry of a case asks of its bundle, and whether the answer agrees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from answering import ENTRIES, Answer, Entry
from preparing import prepare
from tensors import ANSWERED, Line

from edgeattn_runtime import BundleError, EdgeAttnError, IncompatibleRuntimeError, Model, load
from edgeattn_runtime.bundle.golden import check


def lines(case: dict[str, Any], folder: Path) -> Iterator[Line]:
    """Yield a line for each thing that a case asks of its bundle.

    Args:
        case: One of cases.json.
        folder: Where its bundle and its files lie.
    """
    opened = partial(load, folder / case["bundle"], trusted_keys=case.get("trusted_keys"))
    yield _line(case, "open", case["verdict"], partial(_verdict, opened, case.get("golden")))
    answers: dict[str, Answer] = {"prepare": partial(prepare, folder=folder), **ENTRIES}
    for kind, answer in answers.items():
        what = "call" if kind == "calls" else kind
        for i, entry in enumerate(case.get(kind, ())):
            expected = entry.get("error") or ANSWERED
            yield _line(case, f"{what} {i}", expected, partial(_answer, opened, answer, entry))


def _line(case: dict[str, Any], what: str, expected: str, answer: Callable[[], Line]) -> Line:
    """Return what was expected and what was found; ``answer`` gives what it found, and more."""
    start = time.perf_counter()
    try:
        found = answer()
    except EdgeAttnError as error:
        found = {"found": _missing(error) or type(error).__name__}
    except Exception as error:  # a reader never fails otherwise
        found = {"found": f"{type(error).__name__}: {error}"}
    seconds = time.perf_counter() - start
    line = {
        "bundle": case["bundle"],
        "what": what,
        "agrees": found["found"] == expected,
        "expected": expected,
    }
    return {**line, "max_abs": None, "error": None, **found, "seconds": round(seconds, 6)}


def _missing(error: EdgeAttnError) -> str | None:
    """Return what a table reads where an optional package is not installed; None of any other error."""
    cause = error.__cause__
    return f"no {cause.name}" if isinstance(cause, ModuleNotFoundError) else None


def _answer(opened: Callable[[], Model], answer: Answer, entry: Entry) -> Line:
    return answer(opened(), entry)


def _verdict(opened: Callable[[], Model], golden: list[list[Any]] | None) -> Line:
    try:
        model = opened()
        for name in model.manifest.graphs:
            model.graph(name)
        results = check(model)
    except BundleError:
        return {"found": "refused"}
    except IncompatibleRuntimeError:
        return {"found": "incompatible"}
    if golden not in (None, [[each.sample, each.output, each.error, each.ok] for each in results]):
        return {"found": "other errors of golden outputs"}
    worst = max((result.error for result in results if result.error is not None), default=None)
    return {"found": "accepted" if all(r.ok for r in results) else "golden-fails", "error": worst}
