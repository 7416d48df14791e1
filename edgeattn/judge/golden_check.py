"""A bundle's golden vectors, replayed here: by the runtime, or in a worker of the target that it is for."""

from __future__ import annotations

from pathlib import Path

from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import IncompatibleRuntimeError
from edgeattn_runtime.golden import GoldenResult, check, read_golden, replay
from edgeattn_runtime.model import load


def golden_results(bundle: Path, files: BundleFiles) -> tuple[GoldenResult, ...]:
    """Replay golden vectors on the bundle's preferred variant of those that run here.

    Args:
        bundle: Its folder.
        files: The same, opened.

    Raises:
        BundleError: The bundle is not what its manifest says.
        IncompatibleRuntimeError: No variant can be run here.
    """
    try:
        model = load(bundle)
    except IncompatibleRuntimeError:
        return _in_a_worker(files)
    return check(model)


def _in_a_worker(files: BundleFiles) -> tuple[GoldenResult, ...]:
    from edgeattn.measure.runners import (
        THREADS,
        runner_of_main_graph,  # brings PyTorch
    )
    from edgeattn.measure.variants import measurable

    variant, *_ = measurable(files.manifest)
    main = runner_of_main_graph(files, variant, threads=THREADS)
    return replay(
        lambda **arrays: dict(main(arrays)), read_golden(files), tolerance=variant.tolerance["cosine"]
    )
