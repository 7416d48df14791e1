"""Int8 graphs, their contract and golden vectors -> the files of a bundle, and their manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Literal

from edgeattn_export.capture.captured import OPSET
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.lower.fixed import Sizes
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_export.targets import Bucket, Target
from edgeattn_export.targets.buckets import ANY
from edgeattn_runtime.bundle.golden import GoldenVectors, write_golden
from edgeattn_runtime.bundle.manifest import FileEntry, Golden, Manifest, Variant
from edgeattn_runtime.bundle.rows import Rows, Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.bundle.variant import Engine
from edgeattn_runtime.processing import Processing

GOLDEN_FILE = "golden.safetensors"
TOOLS = ("edgeattn", "torch", "onnx", "onnx-ir", "onnxscript", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle not yet on disk: its manifest, and every other file's content."""

    manifest: Manifest
    files: Mapping[str, bytes]

    def adding(self, files: Mapping[str, bytes]) -> Packed:
        """Return the bundle with more files, or with other contents of those that it has."""
        contents = {**self.files, **files}
        return Packed(replace(self.manifest, files=file_entries(contents)), contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetBuild:
    """The graphs for one target, and what was measured of them.

    Attributes:
        target: What they are for.
        parts: The graphs, and their contracts.
        buckets: The same in the sizes that the target fixes; the graphs themselves where it fixes none.
        tolerance: By output of the main graph the largest error on a device, in units of its spread.
        session: How a device opens them; None leaves it to the device.
        stacks: How many independent rows to run in one call.
        scores: What was measured against each limit of the budget.
        verdict: Whether the budget was met.
        measured: The machine of these figures; None where they were not run.
    """

    target: Target
    parts: Graphs
    buckets: Sequence[Bucket] = ()
    tolerance: Mapping[str, float]
    session: SessionSettings | None = None
    stacks: tuple[Stack, ...] = ()
    scores: Mapping[str, float]
    verdict: Literal["pass", "fail"]
    measured: str | None

    @property
    def variants(self) -> Sequence[Bucket]:
        """What each of its variants holds."""
        return self.buckets or (Bucket(ANY, self.parts),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a bundle is called, what was asked of it, and what it was made of.

    Attributes:
        name: The bundle's.
        budget: Limits by name.
        source: The sha256 of the file that defines the model; None where there is none.
        weights: The sha256 of the model's weights; None where they are part of that file.
        license: The model's; None where nothing is stated.
        draft: Whether a rule chose the recipe, and few samples evaluated it.
    """

    name: str
    budget: Mapping[str, float]
    source: str | None
    weights: str | None = None
    license: str | None = None
    draft: bool = False


def pack(
    builds: Sequence[TargetBuild],
    golden: GoldenVectors,
    *,
    label: Label,
    rows: Rows | None = None,
    processing: Processing | None = None,
    assets: Mapping[str, bytes] | None = None,
    reports: Mapping[str, bytes],
) -> Packed:
    """Put a bundle together.

    Args:
        builds: A variant for each target, the preferred one first; all of one contract.
        golden: Real inputs of the main graph, the original's outputs for them, and the outputs' spreads.
        label: The bundle's name, budget and source.
        rows: What is proven of the main graph's rows; None where nothing is.
        processing: What an app does before and after a call; None where nothing is said of it.
        assets: The files that processing names, by name.
        reports: The report's files by name.
    """
    first = builds[0].parts
    written = [_written(each, "" if each is builds[0] else f"{each.target.name}/") for each in builds]
    files = {file: data for each in written for file, data in each.files.items()}
    files |= {GOLDEN_FILE: _golden_bytes(golden), **(assets or {}), **reports}
    manifest = Manifest(
        name=label.name,
        graphs={name: part.graph for name, part in first.graphs.items()},
        symbols=first.symbols,
        generation=first.generation,
        streaming=first.streaming,
        rows=rows,
        processing=processing,
        variants=tuple(
            _variant(build, bucket.sizes, names)
            for build, each in zip(builds, written, strict=True)
            for bucket, names in zip(build.variants, each.names, strict=True)
        ),
        files=file_entries(files),
        golden=Golden(GOLDEN_FILE, len(golden.samples)),
        budget=label.budget,
        provenance=_provenance(first.recipe, label),
    )
    return Packed(manifest, files)


@dataclass(frozen=True, slots=True)
class _Written:
    """Per variant of a target the file of each graph; and all files, with their contents."""

    names: Sequence[Mapping[str, str]]
    files: Mapping[str, bytes]


def _written(build: TargetBuild, folder: str) -> _Written:
    form, names, files = build.target.engine.format, [], dict[str, bytes]()
    for bucket in build.variants:
        label = f".{bucket.label}" if bucket.label else ""
        names.append({name: f"{folder}{name}{label}{form.suffix}" for name in build.parts.graphs})
    for name in build.parts.graphs:
        models = {
            each[name].removeprefix(folder): bucket.parts.graphs[name].quantized.model
            for bucket, each in zip(build.variants, names, strict=True)
        }
        files |= form.write(models, f"{name}{form.suffix}.data")
    return _Written(names, {f"{folder}{name}": data for name, data in files.items()})


def _variant(build: TargetBuild, sizes: Sizes, names: Mapping[str, str]) -> Variant:
    graphs = (part.quantized.model for part in build.parts.graphs.values())
    engine = build.target.engine.for_graphs(graphs)
    return Variant(
        target=build.target.name,
        engine=Engine(
            name=engine.name, version=engine.version, providers=engine.providers, options=engine.options
        ),
        files=names,
        sizes=sizes,
        session=build.session,
        stacks=build.stacks,
        tolerance=build.tolerance,
        scores=build.scores,
        verdict=build.verdict,
        measured=build.measured,
    )


def _golden_bytes(golden: GoldenVectors) -> bytes:
    with temporary_folder() as folder:
        path = folder / GOLDEN_FILE
        write_golden(path, golden)
        return path.read_bytes()


def _provenance(recipe: str, label: Label) -> dict[str, object]:
    optional = {"weights": label.weights, "license": label.license, "draft": label.draft or None}
    stated = {name: value for name, value in optional.items() if value is not None}
    return {"versions": versions(), "recipe": recipe, "opset": OPSET, "source": label.source, **stated}


def versions() -> dict[str, str]:
    """Return the installed version of each tool that makes a bundle."""
    return {tool: metadata.version(tool) for tool in TOOLS}


def file_entries(files: Mapping[str, bytes]) -> dict[str, FileEntry]:
    """Return what a manifest says of each file."""
    return {name: FileEntry(hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()}
