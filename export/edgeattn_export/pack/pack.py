"""ir.Model (int8) + contract + golden vectors -> the files of a bundle, and their manifest."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from edgeattn_export.capture.captured import OPSET
from edgeattn_export.graph.serialize import model_files
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.golden import Sample, write_golden
from edgeattn_runtime.manifest import FileEntry, Golden, Manifest
from edgeattn_runtime.rows import Rows
from edgeattn_runtime.settings import SessionSettings

GOLDEN_FILE = "golden.safetensors"
NEEDS = {"onnxruntime": "1.23"}  # the first with a CPU kernel of the standard Attention
TOOLS = ("edgeattn", "torch", "onnx", "onnx-ir", "onnxscript", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle not yet on disk: its manifest, and every other file's content."""

    manifest: Manifest
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the validator said: the limits asked for, what was measured, and whether it passed."""

    budget: Mapping[str, float]
    scores: Mapping[str, float]
    word: Literal["pass", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What the bundle is called, what it is for, and the hash of the source that defines the model."""

    name: str
    target: str
    source: str | None


def pack(
    parts: Parts,
    golden: Iterable[Sample],
    *,
    tolerance: float,
    label: Label,
    verdict: Verdict,
    reports: Mapping[str, bytes],
    session: SessionSettings | None = None,
    rows: Rows | None = None,
) -> Packed:
    """Put a bundle together.

    Args:
        parts: The graphs to ship, and their contracts.
        golden: Real inputs and PyTorch's outputs for them.
        tolerance: The cosine that each golden output must reach on a device.
        label: The bundle's name, target and source.
        verdict: What the validator said.
        reports: The report's files by name.
        session: How the device opens the graphs; None leaves it to the device.
        rows: What is proven of the main graph's rows; None where nothing is.
    """
    golden = tuple(golden)
    files = {**_graph_files(parts), GOLDEN_FILE: _golden_bytes(golden), **reports}
    manifest = Manifest(
        name=label.name,
        target=label.target,
        graphs={name: part.graph for name, part in parts.graphs.items()},
        symbols=parts.symbols,
        files={name: FileEntry(hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()},
        golden=Golden(GOLDEN_FILE, len(golden), {"cosine": tolerance}),
        requires=NEEDS,
        provenance=_provenance(parts.recipe, label.source),
        budget=verdict.budget,
        scores=verdict.scores,
        verdict=verdict.word,
        generation=parts.generation,
        session=session,
        rows=rows,
    )
    return Packed(manifest, files)


def _graph_files(parts: Parts) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for part in parts.graphs.values():
        files |= model_files(part.quantized.model, part.graph.file)
    return files


def _golden_bytes(golden: Iterable[Sample]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        path = Path(folder) / GOLDEN_FILE
        write_golden(path, golden)
        return path.read_bytes()


def _provenance(recipe: str, source: str | None) -> dict[str, object]:
    versions = {tool: metadata.version(tool) for tool in TOOLS}
    return {"versions": versions, "recipe": recipe, "opset": OPSET, "source": source}
