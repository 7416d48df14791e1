"""Every case, in the order of cases.json: whole bundles, mutations of these, and what releases froze."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import generation_cases
import golden_vectors
import image_cases
import network
import predicted
import pushes
import signal_cases
import text_cases
import token_predictions
from case import Case, Entry
from edits import mutated

RECORDED = Path(__file__).with_name("recorded")
FROZEN_CASES = "cases.json"  # of a release's archive

_WHOLE = (
    *network.cases(),
    *pushes.cases(),
    *network.broken(),
    *golden_vectors.cases(),
    *generation_cases.cases(),
    *text_cases.cases(),
    *image_cases.cases(),
    *signal_cases.cases(),
    *text_cases.limits(),
    *predicted.cases(),
    *token_predictions.cases(),
)


def _frozen() -> Iterator[Case]:
    """Yield what was frozen, release by release."""
    for path in sorted(RECORDED.glob("*.zip")):
        with ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        for row in json.loads(files[FROZEN_CASES]):
            bundle, why, verdict, _ = (row.pop(key) for key in ("bundle", "why", "verdict", "error"))
            own = {
                name.removeprefix(f"{bundle}/"): files[name]
                for name in files
                if name.startswith(f"{bundle}/")
            }
            raw = {path: files[path] for each in row.get("prepare", ()) for path in raw_files(each)}
            yield Case(bundle.removesuffix(".edge"), why, own, verdict, row, raw)


def raw_files(prepare: Entry) -> tuple[str, str]:
    """Return the paths of what an entry prepares, and of what is expected."""
    return prepare["given"], prepare["expected"]


CASES = (*_WHOLE, *mutated({case.bundle: case.files for case in _WHOLE}), *_frozen())
