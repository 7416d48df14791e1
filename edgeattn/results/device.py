"""What a device measured of a bundle, read from the file that it wrote, and checked."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from edgeattn.results.document import decode, read_file
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.errors import BadInput, BundleError
from edgeattn_runtime.timing.benchmark import SCHEMA, DeviceBenchmark

_LARGEST = 1  # MB of a file
_MOST_RUNS = 64  # numbers of threads that anybody sweeps


def read_result(path: Path, files: BundleFiles) -> DeviceBenchmark:
    """Read what ``python -m edgeattn_runtime bench NAME.edge --json`` printed on a device.

    Args:
        path: The JSON file.
        files: The bundle that it must be of.

    Raises:
        BadInput: There is no such file, or as ``parse_result`` does.
    """
    expected = "the output of python -m edgeattn_runtime bench --json"
    return parse_result(read_file(path, largest=_LARGEST, expected=expected), str(path), files)


def parse_result(text: bytes, source: str, files: BundleFiles) -> DeviceBenchmark:
    """Read a result that came in any other way.

    Args:
        text: The JSON.
        source: Where it came from, in words.
        files: The bundle that it must be of.

    Raises:
        BadInput: It is no result, or one of another schema, of other graphs, or of other samples.
    """
    try:
        remedy = "run python -m edgeattn_runtime bench --json of this release again"
        result = decode(text, DeviceBenchmark, schema=SCHEMA, remedy=remedy)
    except BundleError as error:
        raise BadInput(f"{source}: {error}") from error
    _check_graphs(source, result, files)
    _check_samples(source, result, files.manifest)
    return result


def _check_graphs(source: str, result: DeviceBenchmark, files: BundleFiles) -> None:
    hashes = {name: entry.sha256 for name, entry in files.manifest.files.items()}
    other = next((name for name, sha256 in result.graphs.items() if hashes.get(name) != sha256), None)
    if other is not None or not result.graphs:
        raise BadInput(
            f"{source}: {other or 'no graph'} differs from that of {files.folder}; copy this bundle to the "
            "device and run bench there again"
        )


def _check_samples(source: str, result: DeviceBenchmark, manifest: Manifest) -> None:
    """Refuse a result that leaves out golden outputs, or times of a sample."""
    samples = range(0 if manifest.golden is None else manifest.golden.samples)
    outputs = [output.name for output in manifest.graphs[manifest.main_graph].outputs]
    golden = [(each.sample, each.output) for each in result.golden]
    runs = [[timing.sample for timing in run.timings] for run in result.runs]
    if (
        golden != list(product(samples, outputs))
        or not 0 < len(runs) <= _MOST_RUNS
        or any(run != list(samples) for run in runs)
    ):
        raise BadInput(
            f"{source}: {len(golden)} golden outputs and {len(runs)} runs found, {len(samples)} samples of "
            f"{len(outputs)} outputs with times in 1 to {_MOST_RUNS} runs expected; run bench again"
        )
