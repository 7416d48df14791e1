"""An update: a bundle put in the place of the one that an app uses, after it was proven on this device."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle import open_bundle
from edgeattn_runtime.errors import CheckFailed, InputError
from edgeattn_runtime.files import MANIFEST_FILE, SIGNATURE_FILE
from edgeattn_runtime.golden import GoldenResult, check
from edgeattn_runtime.model import load
from edgeattn_runtime.replacement import check_folder, staged, sync


def install(
    new: str | os.PathLike[str],
    *,
    over: str | os.PathLike[str],
    threads: int | None = None,
    target: str | None = None,
) -> tuple[GoldenResult, ...]:
    """Put a bundle in the place of another, or leave that one as it is.

    The new one is copied beside the old one. The copy is checked whole, opened, and replays its golden
    vectors here; then it takes the old one's place in one step. Where the process is killed, at any moment,
    one of the two stands there whole. A model that is loaded goes on with what it has opened: load it again.

    Args:
        new: The folder of the new bundle, which stays.
        over: The folder of the old one, or a place where nothing is yet.
        threads: As ``load`` takes it.
        target: As ``load`` takes it.

    Returns:
        How near each golden output came.

    Raises:
        InputError: Something at ``over`` is no bundle, or the folder may not be written.
        BundleError: The new one is not whole, or one of its graphs is not what its manifest says.
        CheckFailed: A golden output is below the tolerance on this device.
        IncompatibleRuntimeError: No variant of it runs here.
        ResourceError: The disk is full, or memory is short.
    """
    source, folder = open_bundle(new), Path(over)
    check_folder(folder)
    signature = () if source.manifest.signature is None else (SIGNATURE_FILE,)
    with (
        refusing(InputError, str(folder), "cannot be written", "check the disk, and who may write there"),
        staged(folder) as staging,
    ):
        for file in (*source.manifest.files, *signature, MANIFEST_FILE):
            copy = staging / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.path(file), copy)
            sync(copy)
        return _proven(staging, str(new), threads, target)


def _proven(staging: Path, name: str, threads: int | None, target: str | None) -> tuple[GoldenResult, ...]:
    """Return how a bundle replays its golden vectors, once all of its graphs are open."""
    with load(staging, threads=threads, target=target) as model:
        for graph in model.manifest.graphs:
            model.graph(graph)
        results = check(model)
    failed = sum(not result.ok for result in results)
    if failed:
        raise CheckFailed(
            f"{name}: {failed} of {len(results)} golden outputs are below the tolerance on this device; "
            "it was not installed"
        )
    return results
