"""The manifest: what a bundle holds and promises. The workshop writes it, the device reads it, both here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, parse
from edgeattn_runtime.generation import CacheEntry, Generation, check_generation, read_generation
from edgeattn_runtime.graph import DTYPES, INTEGERS, Graph, Symbol, Tensor, read_graph, read_symbol
from edgeattn_runtime.rows import Rows, check_rows, read_rows
from edgeattn_runtime.settings import SessionSettings, read_settings

__all__ = [
    "DTYPES",
    "INTEGERS",
    "MAIN_GRAPH",
    "MANIFEST_FILE",
    "SCHEMA",
    "CacheEntry",
    "FileEntry",
    "Generation",
    "Golden",
    "Graph",
    "Manifest",
    "Symbol",
    "Tensor",
]

SCHEMA = 1
MAIN_GRAPH = "model"
MANIFEST_FILE = "manifest.json"

_OPTIONAL = ("generation", "session", "rows")
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_VERDICT = re.compile("pass|fail")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The sha256 (64 lowercase hex digits) and size (bytes) of a file."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Golden:
    """The file of golden vectors, how many samples it holds, and the cosine each output must reach."""

    file: str
    samples: int
    tolerance: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All of manifest.json but its schema number."""

    name: str
    target: str
    graphs: Mapping[str, Graph]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None
    session: SessionSettings | None = None
    rows: Rows | None = None
    files: Mapping[str, FileEntry]
    golden: Golden
    requires: Mapping[str, str]
    provenance: Mapping[str, object]
    budget: Mapping[str, float]
    scores: Mapping[str, float]
    verdict: Literal["pass", "fail"]

    @property
    def main_graph(self) -> str:
        """The name of the graph that an app calls and that the golden vectors prove."""
        return MAIN_GRAPH if MAIN_GRAPH in self.graphs else next(iter(self.graphs))

    def to_json(self) -> str:
        """Return the manifest's text: keys in the specification's order, files sorted, two spaces of indent.

        Raises:
            BundleError: The manifest breaks a rule that a reader would refuse it for.
        """
        table = {"schema": SCHEMA, **asdict(self)}
        if self.generation is not None:
            table["generation"] = self.generation.table()
        for name in _OPTIONAL:
            if table[name] is None:
                del table[name]
        table["files"] = dict(sorted(table["files"].items()))
        text = json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        Manifest.from_json(text)  # so that nothing is ever written that could not be read
        return text

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest's text, refusing all that the specification does not name.

        Raises:
            BundleError: In one line, the key at fault, what was found there and what was expected.
        """
        root = parse(text)
        _check_schema(root)
        required = [name for name in cls.__dataclass_fields__ if name not in _OPTIONAL]
        fields = root.record("schema", *required, optional=_OPTIONAL)
        manifest = cls(
            name=fields["name"].text(),
            target=fields["target"].text(),
            graphs={name: read_graph(field) for name, field in fields["graphs"].table().items()},
            symbols={name: read_symbol(field) for name, field in fields["symbols"].table().items()},
            generation=read_generation(fields["generation"]) if "generation" in fields else None,
            session=read_settings(fields["session"]) if "session" in fields else None,
            rows=read_rows(fields["rows"]) if "rows" in fields else None,
            files={path: _file_entry(path, field) for path, field in fields["files"].table().items()},
            golden=_golden(fields["golden"]),
            requires=_requires(fields["requires"]),
            provenance={name: field.value for name, field in fields["provenance"].table().items()},
            budget=_numbers(fields["budget"]),
            scores=_numbers(fields["scores"]),
            verdict=cast('Literal["pass", "fail"]', fields["verdict"].text(_VERDICT, '"pass" or "fail"')),
        )
        _check_references(manifest)
        return manifest


def _check_schema(root: Field) -> None:
    # Before anything else is read: only the schema number says what the other keys mean.
    found = root.table().get("schema", Field("schema", None)).value
    if type(found) is not int or found != SCHEMA:
        raise BundleError(
            f"schema: {json.dumps(found)} found, {SCHEMA} expected; upgrade edgeattn, or export again"
        )


def _file_entry(path: str, field: Field) -> FileEntry:
    if not _PATH.fullmatch(path) or path == MANIFEST_FILE:
        raise BundleError(
            f"files: {json.dumps(path)} found, the path of another file inside the folder expected "
            "(parts of A-Z a-z 0-9 . _ - that begin with no dot, joined by /)"
        )
    fields = field.record("sha256", "size")
    return FileEntry(fields["sha256"].text(_SHA256, "64 lowercase hex digits"), fields["size"].integer(0))


def _golden(field: Field) -> Golden:
    fields = field.record("file", "samples", "tolerance")
    tolerance = fields["tolerance"].record("cosine")
    return Golden(
        fields["file"].text(), fields["samples"].integer(1), {"cosine": tolerance["cosine"].number()}
    )


def _requires(field: Field) -> dict[str, str]:
    versions = field.record("onnxruntime")
    return {name: version.text(_VERSION, 'a version such as "1.23"') for name, version in versions.items()}


def _numbers(field: Field) -> dict[str, float]:
    return {name: item.number() for name, item in field.table().items()}


def _check_references(manifest: Manifest) -> None:
    graphs = manifest.graphs
    if len(graphs) != 1 and MAIN_GRAPH not in graphs:
        raise BundleError(f"graphs: {', '.join(graphs) or 'none'} found, one named {MAIN_GRAPH!r} expected")
    named = {f"graphs.{name}.file": graph.file for name, graph in graphs.items()}
    for key, path in {**named, "golden.file": manifest.golden.file}.items():
        if path not in manifest.files:
            raise BundleError(f"{key}: {path!r} is not in files; list it with its sha256 and size")
    for name, graph in graphs.items():
        for tensor in (*graph.inputs, *graph.outputs):
            for dim in tensor.dims:
                if isinstance(dim, str) and dim not in manifest.symbols:
                    raise BundleError(
                        f"graphs.{name}: {tensor.name!r} has a dim {dim!r} that is not in symbols"
                    )
    if manifest.generation is not None:
        check_generation(manifest.generation, graphs, manifest.symbols)
    if manifest.rows is not None:
        check_rows(manifest.rows, graphs[manifest.main_graph], manifest.symbols)
