"""An onnxruntime built with exactly the operators of the bundle: a small runtime for a phone or a board."""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.graph.formats import ORT
from edgeattn_export.targets.cpu import CPU
from edgeattn_export.targets.required_operators import reduced_build

MINIMAL = replace(
    CPU,
    name="minimal",
    engine=replace(CPU.engine, format=ORT),
    adds=reduced_build,
    needs="onnxruntime 1.28 or later, built as the bundle's BUILD.md says; a full one runs it too",
    tested="the .ort files by a full onnxruntime, natively; the build itself was not run",
)
