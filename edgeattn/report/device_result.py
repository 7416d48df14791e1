"""What a device measured of a bundle, read from the file that it wrote, and checked."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeattn.report.printable import check_printable
from edgeattn_runtime.bench import SCHEMA, Benchmark
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import BadInput, BundleError

_LARGEST = 2**20  # bytes of a result; what claims more is none


class _Schema(msgspec.Struct):
    """The one key that is read before all others."""

    schema: int


def read_result(path: Path, files: BundleFiles) -> Benchmark:
    """Read what ``python -m edgeattn_runtime bench NAME.edge --json`` printed on a device.

    Args:
        path: The JSON file.
        files: The bundle that it must be of.

    Raises:
        BadInput: There is no such file; it is no result, or one of another schema or of other graphs.
    """
    if not path.is_file() or path.stat().st_size > _LARGEST:
        found = "a file of more than 1 MB" if path.is_file() else "no such file"
        raise BadInput(f"{path}: {found}; the output of python -m edgeattn_runtime bench --json expected")
    text = path.read_bytes()
    try:
        schema = msgspec.json.decode(text, type=_Schema).schema
        if schema != SCHEMA:
            raise BadInput(f"{path}: schema {schema} found, {SCHEMA} expected; run bench of this release")
        result = msgspec.json.decode(text, type=Benchmark)
        check_printable(msgspec.json.decode(text))
    except (msgspec.MsgspecError, UnicodeDecodeError, BundleError) as error:
        raise BadInput(f"{path}: {error}; run python -m edgeattn_runtime bench --json again") from error
    _check_graphs(path, result, files)
    return result


def _check_graphs(path: Path, result: Benchmark, files: BundleFiles) -> None:
    known = {name: entry.sha256 for name, entry in files.manifest.files.items()}
    strange = next((name for name, sha256 in result.graphs.items() if known.get(name) != sha256), None)
    if strange is not None or not result.graphs:
        raise BadInput(
            f"{path}: {strange or 'no graph'} differs from that of {files.folder}; copy this bundle to the "
            "device and run bench there again"
        )
