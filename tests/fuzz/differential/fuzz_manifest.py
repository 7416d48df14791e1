"""A manifest is accepted or refused by Python and C++ alike."""

from __future__ import annotations

import atheris
from agreement import agreed
from fuzzing import fuzz

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.bundle.manifest import Manifest
    from edgeattn_runtime.errors import BadInput, BundleError


def name_of(content: bytes) -> bytes:
    try:
        return Manifest.from_json(content.decode()).name.encode()
    except UnicodeDecodeError as error:
        raise BundleError("not UTF-8") from error


def read(content: bytes) -> None:
    agreed("manifest", lambda: name_of(content), content)


fuzz(read, BadInput, json=True)
