"""A bundle on disk -> the same with other contents of some of its files, ready to be saved whole."""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn_export.pack.pack import Packed
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.errors import BadInput


def repack(files: BundleFiles, changed: Mapping[str, bytes]) -> Packed:
    """Put a bundle together again.

    Args:
        files: The bundle on disk, checked.
        changed: Contents by name, of files that it has or of new ones.

    Raises:
        BadInput: The bundle is signed, and its signature would no longer be right.
    """
    if files.manifest.signature is not None:
        raise BadInput(f"{files.folder}: signed, an unsigned bundle expected; change it first, then sign it")
    unchanged = {name: files.path(name).read_bytes() for name in files.manifest.files if name not in changed}
    return Packed(files.manifest, unchanged).adding(changed)
