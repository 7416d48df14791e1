"""A bundle's golden vectors, replayed here: by the runtime, or in a worker of the target that it is for."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.golden import NO_GOLDEN, GoldenResult, check, read_golden, replay
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError
from edgeattn_runtime.model import Model
from edgeattn_runtime.timing.machine import Machine


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """What golden vectors come to here."""

    results: tuple[GoldenResult, ...]
    machine: Machine


def golden_check(files: BundleFiles) -> GoldenCheck:
    """Replay golden vectors on the bundle's preferred variant of those that run here.

    Raises:
        BadInput: The bundle was packed without golden vectors.
        BundleError: The bundle is not what its manifest says.
        IncompatibleRuntimeError: No variant can be run here.
    """
    if files.manifest.golden is None:
        raise BadInput(f"{files.folder}: {NO_GOLDEN}")
    try:
        variants = runnable(files.manifest)
    except IncompatibleRuntimeError:
        return GoldenCheck(_in_a_worker(files), Machine.here())
    model = Model(files, files.manifest.main_graph, variants)
    return GoldenCheck(check(model), Machine.here(model.kernels))


def _in_a_worker(files: BundleFiles) -> tuple[GoldenResult, ...]:
    # Here, as they bring PyTorch, which a bundle that the runtime can replay does without.
    from edgeattn.measure.runners import THREADS, runner_of_main_graph
    from edgeattn.measure.variants import measurable

    variant, *_ = measurable(files.manifest)
    main = runner_of_main_graph(files, variant, threads=THREADS)
    return replay(lambda **arrays: dict(main(arrays)), read_golden(files), tolerance=variant.tolerance)
