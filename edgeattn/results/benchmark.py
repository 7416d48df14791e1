"""A benchmark as JSON: what ``edgeattn bench --json`` prints, and ``--compare`` reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import msgspec

from edgeattn.measure.benchmark import Benchmark
from edgeattn.results.document import check_printable
from edgeattn_runtime.errors import BadInput, BundleError

SCHEMA = 1
_LARGEST = 2**24  # bytes of a result; what claims more is none
_EXPECTED = "the output of edgeattn bench NAME.edge --json"


class _Schema(msgspec.Struct):
    """The one key that is read before all others."""

    schema: int


def to_json(benchmark: Benchmark) -> str:
    """Return the text of a result."""
    table = {"schema": SCHEMA, **asdict(benchmark)}
    return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_result(path: Path) -> Benchmark:
    """Read a result.

    Raises:
        BadInput: There is no such file, or it is no result, or one of another schema.
    """
    if not path.is_file() or path.stat().st_size > _LARGEST:
        found = "a file of more than 16 MB" if path.is_file() else "no such file"
        raise BadInput(f"{path}: {found}; {_EXPECTED} expected")
    try:
        text = path.read_bytes()
        schema = msgspec.json.decode(text, type=_Schema).schema
        if schema != SCHEMA:
            raise BadInput(f"{path}: schema {schema} found, {SCHEMA} expected; run bench of this release")
        check_printable(msgspec.json.decode(text))
        return msgspec.json.decode(text, type=Benchmark)
    except (msgspec.MsgspecError, UnicodeDecodeError, BundleError) as error:
        raise BadInput(f"{path}: {error}; {_EXPECTED} expected") from error
