"""report.json, and a device's result, are read or refused with an error of one line."""

from __future__ import annotations

from contextlib import suppress

import atheris
from fuzzing import fuzz
from seeds import CONFORMANCE

with atheris.instrument_imports(include=["edgeattn.results", "edgeattn_runtime"]):
    from edgeattn.results.device import parse_result
    from edgeattn.results.report import Report
    from edgeattn_runtime.bundle.folder import open_bundle
    from edgeattn_runtime.errors import BadInput

FILES = open_bundle(CONFORMANCE / "good.edge")


def read(content: bytes) -> None:
    with suppress(BadInput):
        parse_result(content, "a device", FILES)
    report = Report.from_json(content)
    assert Report.from_json(report.to_json()) == report, "wrong: another report once written"


fuzz(read, BadInput, json=True)
