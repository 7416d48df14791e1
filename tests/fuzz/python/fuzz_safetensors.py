"""Golden vectors are read from a bundle, or refused with a BundleError."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

import atheris
from fuzzing import fuzz, scratch_file
from seeds import CONFORMANCE

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.bundle.folder import open_bundle
    from edgeattn_runtime.bundle.golden import read_golden
    from edgeattn_runtime.bundle.manifest import FileEntry
    from edgeattn_runtime.errors import BundleError

FILES = open_bundle(shutil.copytree(CONFORMANCE / "good.edge", scratch_file("good.edge")))
GOLDEN = FILES.manifest.golden.file


def read(content: bytes) -> None:
    FILES.path(GOLDEN).write_bytes(content)
    entry = FileEntry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    manifest = replace(FILES.manifest, files={**FILES.manifest.files, GOLDEN: entry})
    read_golden(replace(FILES, manifest=manifest))


fuzz(read, BundleError)
