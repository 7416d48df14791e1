"""An image's pixels are read, or refused with an InputError."""

from __future__ import annotations

import atheris
from fuzzing import fuzz, scratch_file

with atheris.instrument_imports(include=["PIL", "edgeattn_runtime"]):
    from PIL import Image, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

    from edgeattn_runtime import limits
    from edgeattn_runtime.errors import InputError

    limits.PIXELS = 2**20  # larger ones take longer, and no other way
    from edgeattn_runtime.processing.picture import read_picture

FILE = scratch_file("x")
Image.init()


def read(content: bytes) -> None:
    FILE.write_bytes(content)
    read_picture(FILE)


fuzz(read, InputError)
