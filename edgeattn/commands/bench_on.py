"""edgeattn bench --on: what a bundle costs on devices, side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from edgeattn.commands.terminal import working
from edgeattn.report.table import device_parts, show
from edgeattn_runtime.errors import CheckFailed

if TYPE_CHECKING:
    from edgeattn_runtime.bench import Benchmark
    from edgeattn_runtime.manifest import Manifest


def bench_on(
    bundle: Path,
    names: Sequence[str],
    *,
    threads: Sequence[int],
    as_json: bool,
    verbose: bool,
) -> None:
    """Benchmark a bundle on devices, all at once: each on golden samples, and the variant searched on it.

    Args:
        bundle: Its folder.
        names: The devices'.
        threads: Numbers of intra-op threads.
        as_json: Whether to print a table of results by device, as JSON alone.
        verbose: Whether to print the traceback of what fails.

    Raises:
        BadInput: A device that cannot be reached, or cannot run the bundle.
        CheckFailed: A golden output is below its tolerance on a device.
    """
    with working(verbose=verbose):
        results = _benchmarks(bundle, names, threads)
    if as_json:
        table = {name: result.to_table() for name, result in results.items()}
        sys.stdout.write(json.dumps(table, indent=2, allow_nan=False) + "\n")
    else:
        show(chain.from_iterable(device_parts(result, name) for name, result in results.items()))
    wrong = [name for name, result in results.items() if not all(golden.ok for golden in result.golden)]
    if wrong:
        raise CheckFailed(f"{bundle}: golden outputs are below the tolerance on {', '.join(wrong)}")


def _benchmarks(bundle: Path, names: Sequence[str], threads: Sequence[int]) -> Mapping[str, Benchmark]:
    from edgeattn.devices.bundle_bench import bench_there
    from edgeattn.devices.places import connected
    from edgeattn.devices.steady import Steady
    from edgeattn.results.device import parse_result
    from edgeattn_runtime.bundle import open_bundle

    files = open_bundle(bundle)
    with connected(names) as connections, ThreadPoolExecutor(len(connections)) as pool:
        targets = [_made_on(files.manifest, each.name) for each in connections]
        texts = pool.map(
            lambda each, target: bench_there(Steady(each), bundle, threads=threads, target=target),
            connections,
            targets,
        )
        return {
            each.name: parse_result(text, f"device {each.name}", files)
            for each, text in zip(connections, texts, strict=True)
        }


def _made_on(manifest: Manifest, name: str) -> str | None:
    """Return the target of the variant that was searched on a device; None where there is none."""
    from edgeattn_export.targets import ON

    return next((each.target for each in manifest.variants if each.target.endswith(f"{ON}{name}")), None)
