"""Whatever stands in manifest.sig, a bundle is opened only by the signature that its key made."""

from __future__ import annotations

import shutil

import atheris
from fuzzing import fuzz, scratch_file
from seeds import CONFORMANCE

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.bundle.folder import open_bundle
    from edgeattn_runtime.errors import BundleError

FOLDER = shutil.copytree(CONFORMANCE / "trusted.edge", scratch_file("trusted.edge"))
KEY = open_bundle(FOLDER).manifest.signature.key
FILE = FOLDER / "manifest.sig"
SIGNATURE = FILE.read_bytes()


def read(content: bytes) -> None:
    FILE.write_bytes(content)
    open_bundle(FOLDER, trusted_keys=[KEY])
    assert content == SIGNATURE, "wrong: a signature that nobody made"


fuzz(read, BundleError)
