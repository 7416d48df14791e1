"""edgeattn bench: a bundle's latency and memory, here or on devices; or how two such results differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeattn.commands.options import (
    Columns,
    Dims,
    NoKernels,
    On,
    Samples,
    SamplesArgument,
    one_of,
    parse_columns,
)
from edgeattn.commands.terminal import Verbose, working
from edgeattn.measure.shapes import parse_shapes, parse_threads
from edgeattn.report.table import device_parts, show
from edgeattn.stages import staged
from edgeattn_runtime.errors import BadInput, CheckFailed

if TYPE_CHECKING:
    from edgeattn_runtime.bundle.manifest import Manifest
    from edgeattn_runtime.timing.benchmark import DeviceBenchmark


def bench(
    bundle: Annotated[Path | None, typer.Argument(metavar="NAME.edge", help="The bundle.")] = None,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Its original, timed side by side with it.")
    ] = None,
    data: SamplesArgument = None,
    samples: Samples = None,
    columns: Columns = None,
    dims: Dims = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYMBOL=SIZE,SIZE",
            help="Sizes to time, all combinations, of samples cut and joined. Default: samples one by one.",
        ),
    ] = None,
    threads: Annotated[str, typer.Option(metavar="N,N", help="Intra-op threads, one after the other.")] = "1",
    compiled: Annotated[bool, typer.Option("--compiled", help="Time torch.compile of MODEL too.")] = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="OLD.json NEW.json", help="Compare two results of --json; exit 1 where one is worse."
        ),
    ] = None,
    on: On = None,
    no_kernels: NoKernels = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
    verbose: Verbose = False,
) -> None:
    """Measure a bundle's latency, cold start and memory."""
    if compare is not None:
        if bundle is not None:
            raise BadInput(f"{bundle}: found with --compare, which reads two results; leave it out")
        _compare(*compare, as_json=as_json)
        return
    if bundle is None:
        raise BadInput("no bundle found; NAME.edge expected, or --compare OLD.json NEW.json")
    if compiled and model is None:
        raise BadInput("--compiled: found without MODEL, the PyTorch module that it compiles; name it")
    shapes, counts = parse_shapes(shape or ()), parse_threads(threads)
    if on:
        if model is not None or shape:
            raise BadInput("--on: times the bundle's golden samples; leave MODEL and --shape out")
        _bench_on(bundle, on, threads=counts, kernels=not no_kernels, as_json=as_json, verbose=verbose)
        return
    with working(verbose=verbose) as terminal, staged(bundle.name, terminal) as progress:
        from edgeattn.measure.benchmark import Sweep, benchmark
        from edgeattn.report.benchmark_table import benchmark_parts

        source = None
        if model is not None:
            from edgeattn.source.arguments import read_source

            source = read_source(model, one_of(data, samples), parse_columns(columns or ()), dims)
        result = benchmark(
            bundle, source, Sweep(shapes, counts, compiled, kernels=not no_kernels), progress=progress
        )
    if as_json:
        sys.stdout.write(result.to_json())
    else:
        show(benchmark_parts(result))


def _bench_on(
    bundle: Path,
    names: Sequence[str],
    *,
    threads: Sequence[int],
    kernels: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Benchmark a bundle on devices, all at once: each on golden samples, and the variant searched on it."""
    with working(verbose=verbose):
        results = _benchmarks(bundle, names, threads, kernels=kernels)
    if as_json:
        table = {name: result.to_table() for name, result in results.items()}
        sys.stdout.write(json.dumps(table, indent=2, allow_nan=False) + "\n")
    else:
        show(chain.from_iterable(device_parts(result, name) for name, result in results.items()))
    wrong = [name for name, result in results.items() if not all(golden.ok for golden in result.golden)]
    if wrong:
        raise CheckFailed(f"{bundle}: golden outputs miss the tolerance on {', '.join(wrong)}")


def _benchmarks(
    bundle: Path, names: Sequence[str], threads: Sequence[int], *, kernels: bool
) -> Mapping[str, DeviceBenchmark]:
    from edgeattn.devices.bundle_bench import bench_there
    from edgeattn.devices.places import connected
    from edgeattn.devices.steady import Steady
    from edgeattn.results.device import parse_result
    from edgeattn_runtime.bundle.folder import open_bundle

    files = open_bundle(bundle)
    with connected(names) as connections, ThreadPoolExecutor(len(connections)) as pool:
        targets = [_made_on(files.manifest, each.name) for each in connections]
        texts = pool.map(
            lambda each, target: bench_there(
                Steady(each), bundle, threads=threads, target=target, kernels=kernels
            ),
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


def _compare(before: Path, after: Path, *, as_json: bool) -> None:
    from edgeattn.report.benchmark_table import benchmark_changes_parts
    from edgeattn.report.changes.benchmarks import benchmark_changes, remarks
    from edgeattn.results.benchmark import read_benchmark

    old, new = read_benchmark(before), read_benchmark(after)
    figures = benchmark_changes(old, new)
    if as_json:
        table = {
            "changes": [{**asdict(each), "verdict": each.verdict} for each in figures],
            "remarks": remarks(old, new),
        }
        sys.stdout.write(json.dumps(table, indent=2, allow_nan=False) + "\n")
    else:
        show(benchmark_changes_parts(figures, old, new))
    worse = sum(each.verdict == "worse" for each in figures)
    if worse:
        raise CheckFailed(f"{after}: {worse} of {len(figures)} figures are worse than in {before}")
