"""An update: a bundle put in the place of the one that an app uses, after it was proven on this device."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import GoldenResult, check
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE, Manifest
from edgeattn_runtime.bundle.replacement import check_folder, copy_bundle, staged
from edgeattn_runtime.errors import CheckFailed, InputError
from edgeattn_runtime.model import Model, load


def install(
    new: str | os.PathLike[str],
    *,
    over: str | os.PathLike[str],
    threads: int | None = None,
    target: str | None = None,
    trusted_keys: Iterable[str] | None = None,
) -> tuple[GoldenResult, ...]:
    """Put a bundle in the place of another, or leave that one as it is.

    The new one is copied next to the old one. The copy is checked whole, opened, and replays its golden
    vectors here; then it takes the old one's place in one step. Where the process is killed, at any moment,
    one of the two stands there whole. A model that is loaded goes on with what it has opened: load it again.

    Args:
        new: The folder of the new bundle, which stays.
        over: The folder of the old one, or a place where nothing is yet.
        threads: As ``load`` takes it.
        target: As ``load`` takes it.
        trusted_keys: As ``load`` takes them. What they signed takes no place of a bundle of another name.

    Returns:
        How near each golden output came.

    Raises:
        InputError: Something at ``over`` is no bundle or one of another name, or the folder may not be
            written.
        BundleError: The new one is not whole, one of its graphs is not what its manifest says, or no trusted
            key signed it.
        CheckFailed: A golden output misses the tolerance on this device.
        IncompatibleRuntimeError: No variant of it runs here.
        ResourceError: The disk is full, or memory is short.
    """
    keys = None if trusted_keys is None else tuple(trusted_keys)
    source, folder = open_bundle(new, trusted_keys=keys), Path(over)
    check_folder(folder)
    with (
        refusing(InputError, str(folder), "cannot be written", "check the disk, and who may write there"),
        staged(folder) as staging,
    ):
        copy_bundle(source, staging)
        with load(staging, threads=threads, target=target, trusted_keys=keys) as model:
            if keys is not None:
                _check_name(model.name, str(new), folder)
            return _proven(model, str(new))


def _check_name(name: str, new: str, folder: Path) -> None:
    """Refuse to put one model in another's place, which its publisher signed too."""
    manifest = folder / MANIFEST_FILE
    old = Manifest.from_json(manifest.read_text("utf-8")).name if manifest.exists() else name
    if old != name:
        raise InputError(
            f"{new}: a bundle of {name!r} found, one of {old!r} expected in the place of {folder}; "
            "remove that one first, or name another place"
        )


def _proven(model: Model, new: str) -> tuple[GoldenResult, ...]:
    """Return how a bundle replays its golden vectors, once all of its graphs are open."""
    for graph in model.manifest.graphs:
        model.graph(graph)
    results = check(model)
    failed = sum(not result.ok for result in results)
    if failed:
        raise CheckFailed(
            f"{new}: {failed} of {len(results)} golden outputs miss the tolerance on this device; "
            "it was not installed"
        )
    return results
