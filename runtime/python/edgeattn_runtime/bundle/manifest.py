"""The manifest: what a bundle holds and promises. The workshop writes it, the device reads it, both here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, fields, replace
from typing import Annotated, ClassVar

from edgeattn_runtime.bundle.files import MANIFEST_FILE, FileEntry, Golden, Signature, read_files
from edgeattn_runtime.bundle.generation import CacheEntry, Generation, check_generation
from edgeattn_runtime.bundle.rows import Rows, check_rows, check_stack, row_symbols
from edgeattn_runtime.bundle.streaming import StateEntry, Streaming, check_streaming
from edgeattn_runtime.bundle.variant import Engine, Variant
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Record, parse, some
from edgeattn_runtime.graph import DTYPES, INTEGERS, Graph, Symbol, Tensor, symbols_of
from edgeattn_runtime.processing import Processing, check_processing

__all__ = [
    "DTYPES",
    "INTEGERS",
    "MAIN_GRAPH",
    "MANIFEST_FILE",
    "SCHEMA",
    "CacheEntry",
    "Engine",
    "FileEntry",
    "Generation",
    "Golden",
    "Graph",
    "Manifest",
    "StateEntry",
    "Streaming",
    "Symbol",
    "Tensor",
    "Variant",
]

SCHEMA = 2
MAIN_GRAPH = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Record):
    """All of manifest.json but its schema number."""

    TAGS: ClassVar[Mapping[str, object]] = {"schema": SCHEMA}

    name: str
    graphs: Mapping[str, Graph]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None
    streaming: Streaming | None = None
    rows: Rows | None = None
    processing: Processing | None = None
    variants: Annotated[tuple[Variant, ...], some(Variant.from_field)]
    files: Annotated[Mapping[str, FileEntry], read_files]
    golden: Golden | None = None
    budget: Mapping[str, float]
    provenance: Mapping[str, object]
    signature: Signature | None = None

    @property
    def main_graph(self) -> str:
        """The name of the graph that an app calls and that the golden vectors prove."""
        return MAIN_GRAPH if MAIN_GRAPH in self.graphs else next(iter(self.graphs))

    @property
    def called_graphs(self) -> tuple[Graph, ...]:
        """The graphs that an app's data goes into and comes out of."""
        names = [self.main_graph]
        if self.generation is not None:
            names += [self.generation.decoder]
            names += [] if self.generation.encoder is None else [self.generation.encoder]
        return tuple(self.graphs[name] for name in names)

    @property
    def token_inputs(self) -> tuple[str, ...]:
        """The inputs, of any graph, that hold token ids as far as the manifest says so."""
        text = None if self.processing is None else self.processing.text
        decoded = () if self.generation is None else (self.generation.tokens,)
        return decoded if text is None else tuple(dict.fromkeys((*decoded, text.ids)))

    def without_kernels(self) -> Manifest:
        """Return the same with every variant run by only stock operators."""
        variants = (replace(each, engine=each.engine.without_kernels()) for each in self.variants)
        return replace(self, variants=tuple(variants))

    def to_json(self) -> str:
        """Return the manifest's text: keys in the specification's order, files sorted, two spaces of indent.

        Raises:
            BundleError: The manifest breaks a rule that a reader would refuse it for.
        """
        table = replace(self, files=dict(sorted(self.files.items()))).to_table()
        text = json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        Manifest.from_json(text)  # so that nothing is ever written that could not be read
        return text

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest's text, passing over what of later versions may be; raises BundleError."""
        root = parse(text)
        _check_schema(root)
        known = {*cls.TAGS, *(each.name for each in fields(cls))}
        own = {name: field.value for name, field in root.table().items() if name in known}
        manifest = cls.from_field(Field("", own))
        _check_references(manifest)
        return manifest


def _check_schema(root: Field) -> None:
    # Before anything else is read: these two say what the other keys mean.
    schema = root.table().get("schema", Field("schema", None)).value
    if type(schema) is int and schema > SCHEMA:
        raise BundleError(f"schema: {schema} found, {SCHEMA} expected; upgrade edgeattn")
    if type(schema) is not int or schema != SCHEMA:
        raise BundleError(f"schema: {json.dumps(schema)} found, {SCHEMA} expected; export again")
    # Keys since 0.1.0 that a reader must know: there is none yet.
    if (critical := root.table().get("critical")) is not None:
        name = critical.items(least=1)[0].text()
        raise BundleError(f"critical: {name!r} found, a known key expected; upgrade edgeattn")


def _check_references(manifest: Manifest) -> None:
    """Check what ties one key to another."""
    graphs = manifest.graphs
    if len(graphs) != 1 and MAIN_GRAPH not in graphs:
        raise BundleError(f"graphs: {', '.join(graphs) or 'none'} found, one named {MAIN_GRAPH!r} expected")
    if manifest.golden is not None and manifest.golden.file not in manifest.files:
        raise BundleError(f"golden.file: {manifest.golden.file!r} is not in files; list it there")
    for name, graph in graphs.items():
        _check_dims(name, graph, manifest.symbols)
    if manifest.generation is not None:
        check_generation(manifest.generation, graphs, manifest.symbols)
    if manifest.rows is not None:
        check_rows(manifest.rows, graphs[manifest.main_graph], manifest.symbols)
    if manifest.processing is not None:
        check_processing(manifest.processing, manifest.called_graphs, manifest.files)
    if manifest.streaming is not None:
        main, processing = manifest.main_graph, manifest.processing
        check_streaming(manifest.streaming, graphs, manifest.symbols, main, processing)
    symbols = frozenset(row_symbols(graphs[manifest.main_graph].inputs))
    for i, variant in enumerate(manifest.variants):
        _check_variant(f"variants[{i}]", variant, manifest)
        _check_stacks(f"variants[{i}]", variant, manifest, symbols)


def _check_dims(name: str, graph: Graph, symbols: Mapping[str, Symbol]) -> None:
    for tensor in (*graph.inputs, *graph.outputs):
        for dim in tensor.dims:
            if isinstance(dim, str) and dim not in symbols:
                raise BundleError(f"graphs.{name}: {tensor.name!r} has a dim {dim!r} that is not in symbols")
    for tensor in graph.inputs:
        if tensor.lengths_of not in (None, *symbols_of(graph.inputs)):
            raise BundleError(
                f"graphs.{name}: {tensor.name!r} has lengths of {tensor.lengths_of!r}, a dim of an input "
                "expected"
            )


def _check_variant(key: str, variant: Variant, manifest: Manifest) -> None:
    """Check that a variant has every graph of the contract, and sizes only of its symbols."""
    if sorted(variant.files) != sorted(manifest.graphs):
        graphs, expected = (", ".join(names) or "none" for names in (variant.files, manifest.graphs))
        raise BundleError(f"{key}.files: {graphs} found, {expected} expected: one file for each graph")
    for graph, file in variant.files.items():
        if file not in manifest.files:
            raise BundleError(f"{key}.files.{graph}: {file!r} is not in files; list it with sha256 and size")
    outputs = [tensor.name for tensor in manifest.graphs[manifest.main_graph].outputs]
    if sorted(variant.tolerance) != sorted(outputs):
        found, expected = (", ".join(names) or "none" for names in (variant.tolerance, outputs))
        raise BundleError(f"{key}.tolerance: {found} found, {expected} expected: one number for each output")
    for symbol, size in variant.sizes.items():
        if symbol not in manifest.symbols:
            expected = ", ".join(manifest.symbols) or "none"
            raise BundleError(f"{key}.sizes: {symbol!r} found, a symbol expected: {expected}")
        if not manifest.symbols[symbol].allows(size):
            raise BundleError(f"{key}.sizes.{symbol}: {size} found, {manifest.symbols[symbol]} expected")


def _check_stacks(key: str, variant: Variant, manifest: Manifest, symbols: Set[str]) -> None:
    if manifest.rows is None:
        if variant.stacks:
            raise BundleError(f"{key}.stacks: {len(variant.stacks)} found, none expected without rows")
        return
    for i, stack in enumerate(variant.stacks):
        check_stack(f"{key}.stacks[{i}]", stack, symbols, manifest.symbols[manifest.rows.batch])
