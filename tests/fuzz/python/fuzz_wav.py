"""A WAV file's samples are read, or refused with an InputError; so are their log-mel features."""

from __future__ import annotations

import atheris
from fuzzing import fuzz, scratch_file
from seeds import CONFORMANCE

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.bundle.folder import open_bundle
    from edgeattn_runtime.errors import InputError
    from edgeattn_runtime.processing.audio import prepare_audio
    from edgeattn_runtime.processing.wav import read_wav

MANIFEST = open_bundle(CONFORMANCE / "log-mel.edge").manifest
AUDIO = MANIFEST.processing.audio
(TENSOR,) = [each for graph in MANIFEST.called_graphs for each in graph.inputs if each.name == AUDIO.input]
FILE = scratch_file("x.wav")


def read(content: bytes) -> None:
    FILE.write_bytes(content)
    read_wav(FILE)
    prepare_audio(AUDIO, TENSOR, [FILE])


fuzz(read, InputError)
