"""A manifest's text is read or refused with a BundleError; what was read is read again once written."""

from __future__ import annotations

import atheris
from fuzzing import fuzz

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.bundle.manifest import Manifest
    from edgeattn_runtime.errors import BundleError


def read(content: bytes) -> None:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BundleError("not UTF-8") from error  # as open_bundle has it
    manifest = Manifest.from_json(text)
    assert Manifest.from_json(manifest.to_json()) == manifest, "wrong: another manifest once written"


fuzz(read, BundleError, json=True)
