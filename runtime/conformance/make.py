"""Writes the conformance bundles beside this file, and cases.json that says what each is for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import expected
from broken_cases import BROKEN, INDICES, LENGTHS, PROMISES
from case import RECORDED
from default_cases import DEFAULTS
from golden_cases import GOLDEN
from limit_cases import LIMITS
from predicted_cases import PREDICTED
from prepared_cases import PREPARED
from signed_cases import SIGNED
from streaming_cases import STREAMING
from variant_cases import VARIANTS
from whole_cases import WHOLE

CASES_FILE = "cases.json"

CASES = (
    *WHOLE,
    *DEFAULTS,
    *BROKEN,
    *GOLDEN,
    *INDICES,
    *LENGTHS,
    *VARIANTS,
    *PROMISES,
    *STREAMING,
    *PREPARED,
    *PREDICTED,
    *LIMITS,
    *SIGNED,
)


def main(target: Path) -> None:
    """Write every bundle and the cases into ``target``, over what an earlier run wrote."""
    for case in CASES:
        if case.bundle != RECORDED:
            shutil.rmtree(target / case.bundle, ignore_errors=True)
        case.make(target / case.bundle)
    expected.write_long_texts(target)
    expected.write_images(target)
    expected.write_signals(target)
    expected.write_files(target)
    lines = ",\n".join(json.dumps(case.table(), allow_nan=False) for case in CASES)
    (target / CASES_FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(__file__).parent)
