"""The bundles that are whole: what the others are made of, by breaking one thing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import kernel_nodes
import numpy as np
import onnx_ir as ir
import signing
import tiny

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.files import SIGNATURE_FILE, Signature
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, write_golden
from edgeattn_runtime.bundle.manifest import FileEntry, Golden, Manifest
from edgeattn_runtime.bundle.rows import Padding, Rows, Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.bundle.variant import Engine, Variant
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Labels, Processing, Text

SAMPLES = 4
TOLERANCE = 0.1  # of each output; int8 rounds to half of it
NEAR = 0.1  # of any number of an answer
GOLDEN_FILE = "golden.safetensors"
MODEL_FILE = "model.onnx"
WEB = "web"  # a target, and the folder of graphs that it cannot share

TOKENS = Tensor("tokens", "int64", ("batch", "sequence"))
MASK = Tensor("mask", "float32", ("batch", "sequence"))
LENGTHS = Tensor("lengths", "int64", ("batch",), lengths_of="sequence")
MODEL = Graph((TOKENS, MASK), (Tensor("embedding", "float32", ("batch", tiny.WIDTH)),))
LOOKUP = Graph((TOKENS,), (Tensor("vectors", "float32", ("batch", "sequence", tiny.WIDTH)),))
SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(1, tiny.LONGEST)}
ROWS = Rows("batch", Padding("mask", masked_out=0))

ENGINE = Engine(name="onnxruntime", version="1.23", providers=("CPUExecutionProvider",), options={})
CPU = Variant(
    target="cpu",
    engine=ENGINE,
    files={"model": MODEL_FILE},
    sizes={},
    tolerance={},  # as the graphs have outputs, see describe
    scores={},
    verdict="pass",
    measured=None,
)


def good(folder: Path) -> None:
    """Write one graph and its golden vectors."""
    lay_graph(folder, MODEL_FILE, tiny.network())
    lay_golden(folder, tiny.samples())
    describe(folder)


def long_named(folder: Path) -> None:
    """Write a graph whose lookup has a name of 40,000 characters, which the engine's errors repeat."""
    model = tiny.network()
    lookup = next(node for node in model.graph if node.op_type == "Gather")
    lookup.name = "lookup" + 39_994 * "_"
    lay_graph(folder, MODEL_FILE, model)
    lay_golden(folder, tiny.samples())
    describe(folder)


def indexed(folder: Path) -> None:
    """Write how many rows the table has that the tokens are indices into."""
    good(folder)
    tokens = replace(TOKENS, table_rows=tiny.WORDS)
    describe(folder, graphs={"model": replace(MODEL, inputs=(tokens, MASK))})


def padded(folder: Path) -> None:
    """Write lengths of the sequences, the longest of which fills its axis."""
    lay_graph(folder, MODEL_FILE, tiny.of_lengths())
    lay_golden(folder, tiny.padded_samples())
    describe(
        folder, graphs={"model": replace(MODEL, inputs=(TOKENS, LENGTHS))}, rows=replace(ROWS, padding=None)
    )


def several(folder: Path) -> None:
    """Write two graphs, one of which keeps its weights in a file of their own."""
    good(folder)
    (folder / "weights").mkdir()
    (folder / "weights" / "lookup.bin").write_bytes(tiny.weights()["table"].tobytes())
    save(tiny.lookup("weights/lookup.bin"), folder / "lookup.onnx")
    (folder / WEB).mkdir()
    shutil.copy(folder / "weights" / "lookup.bin", folder / WEB / "lookup.onnx.data")
    save(tiny.lookup("lookup.onnx.data"), folder / WEB / "lookup.onnx")
    variant = replace(CPU, files={"model": MODEL_FILE, "lookup": "lookup.onnx"})
    describe(folder, graphs={"model": MODEL, "lookup": LOOKUP}, variants=(variant,))


def tuned(folder: Path) -> None:
    """Write what was measured of a variant, and the rows that it was measured on."""
    good(folder)
    options = {"session.dynamic_block_base": 4, "session.set_denormal_as_zero": False}
    variant = replace(
        CPU,
        engine=replace(ENGINE, options=options),
        session=SessionSettings(threads=2, spinning=False, arena=False, memory_pattern=True),
        stacks=(Stack({"sequence": 4}, rows=3),),
        scores={"cosine": 0.999},
        measured="a machine of the past, 2 cores; onnxruntime 1.23.0",
    )
    describe(folder, rows=ROWS, variants=(variant,))


def preferred(folder: Path) -> None:
    """Write a bundle whose first variants are for an engine, a version and a provider that nobody has."""
    good(folder)
    other = replace(ENGINE, name="unheard-of", version="1", options={"precision": "fp16", "fast": True})
    newer = replace(ENGINE, version="99.0")
    elsewhere = replace(ENGINE, providers=("UnheardOfExecutionProvider", *ENGINE.providers))
    variants = [
        replace(CPU, target=target, engine=engine)
        for target, engine in (("npu", other), ("future", newer), ("gpu", elsewhere))
    ]
    describe(folder, variants=(*variants, CPU))


def buckets(folder: Path) -> None:
    """Write graphs of two fixed shapes, and one for all others; rows may be padded up to them."""
    good(folder)
    save(tiny.network(1, 4), folder / "short.onnx")
    save(tiny.network(2, 8), folder / "long.onnx")
    short = replace(CPU, files={"model": "short.onnx"}, sizes={"batch": 1, "sequence": 4})
    long = replace(CPU, files={"model": "long.onnx"}, sizes={"batch": 2, "sequence": 8})
    describe(folder, rows=ROWS, variants=(short, long, CPU))


def with_kernels(folder: Path, network: ir.Model | None = None) -> None:
    """Write a graph whose products are nodes of the domain edgeattn, and say so."""
    lay_graph(folder, MODEL_FILE, network or kernel_nodes.network())
    lay_golden(folder, tiny.samples())
    engine = replace(ENGINE, version=kernel_nodes.ENGINE_VERSION, options={KERNELS_OPTION: DOMAIN_VERSION})
    describe(folder, variants=(replace(CPU, engine=engine),))


def fixed(folder: Path) -> None:
    """Write a graph of one length alone, whose rows are not known to be independent."""
    lay_graph(folder, MODEL_FILE, tiny.network(sequence=4))
    lay_golden(folder, tiny.samples([(1, 4), (2, 4), (3, 4), (1, 4)]))
    describe(folder, variants=(replace(CPU, sizes={"sequence": 4}),))


def with_tokenizer(**parts: Any) -> Callable[[Path], None]:
    """Return what writes what an app does before and after a call, and the tokenizer that it needs.

    Args:
        parts: Of tokenizer.json, in the place of what it has.
    """
    words = ["[UNK]", *("a", "the", "cat", "dog", "mat", "sat", "ran", "is", "on", "in", "and", "big", "red")]
    tokenizer = {
        "version": "1.0",
        **dict.fromkeys(("truncation", "padding", "post_processor", "decoder")),
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: i for i, word in enumerate(words)},
            "unk_token": words[0],
        },
        **parts,
    }
    text = Text(tokenizer="tokenizer.json", ids="tokens", mask="mask", types=None, longest=tiny.LONGEST)
    labels = Labels(output="embedding", names=tuple(f"axis {i}" for i in range(tiny.WIDTH)))

    def make(folder: Path) -> None:
        good(folder)
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer) + "\n", encoding="utf-8", newline="\n")
        describe(folder, processing=Processing(text=text, labels=labels))

    return make


processed = with_tokenizer()


def shown(folder: Path) -> None:
    """Write what a desktop adds to a folder: files that the manifest does not list."""
    good(folder)
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def downloaded(folder: Path) -> None:
    """Write what a download from Hugging Face's hub adds to a folder."""
    good(folder)
    (folder / ".gitattributes").write_text("# says how Git stores files\n", "utf-8")
    record = folder / ".cache" / "huggingface" / "download" / "model.onnx.metadata"
    record.parent.mkdir(parents=True)
    record.write_text(f"{'0' * 40}\n{'0' * 64}\n1764374400\n", "utf-8")


def signed(folder: Path) -> None:
    """Write a manifest and its signature."""
    good(folder)
    describe(folder, signature=Signature("ed25519", signing.public_key()))
    (folder / SIGNATURE_FILE).write_bytes(signing.sign((folder / "manifest.json").read_bytes()))


def lay_graph(folder: Path, file: str, model: ir.Model) -> None:
    """Make the folder, and write its first graph."""
    folder.mkdir(parents=True)
    save(model, folder / file)


def lay_golden(folder: Path, samples: Iterable[Sample], graph: Graph = MODEL) -> None:
    """Write golden vectors whose spreads are 1: an error is one of the numbers themselves."""
    spreads = {tensor.name: np.ones(tensor.channels, np.float32) for tensor in graph.outputs}
    write_golden(folder / GOLDEN_FILE, GoldenVectors(tuple(samples), spreads))


def save(model: ir.Model, path: Path) -> None:
    """Write an ONNX file, naming its weights' files but leaving them alone."""
    path.write_bytes(ir.serde.serialize_model(model).SerializeToString(deterministic=True))


def describe(
    folder: Path,
    *,
    graphs: Mapping[str, Graph] | None = None,
    symbols: Mapping[str, Symbol] = SYMBOLS,
    variants: tuple[Variant, ...] = (CPU,),
    **optional: Any,
) -> None:
    """Write a manifest, and in it the size and sha256 of every other file in ``folder``."""
    graphs = graphs or {"model": MODEL}
    tolerance = {tensor.name: TOLERANCE for tensor in graphs["model"].outputs}
    manifest = Manifest(
        name="tiny",
        graphs=graphs,
        symbols=symbols,
        variants=tuple(each for variant in variants for each in _both(variant, folder, tolerance)),
        files={file: entry(folder / file) for file in _files(folder)},
        golden=Golden(GOLDEN_FILE, SAMPLES) if (folder / GOLDEN_FILE).exists() else None,
        budget={"cosine": 0.98},
        provenance={"opset": tiny.OPSETS[""]},
        **optional,
    )
    (folder / "manifest.json").write_text(manifest.to_json(), encoding="utf-8", newline="\n")


def entry(path: Path) -> FileEntry:
    """Return the manifest's entry for a file."""
    data = path.read_bytes()
    return FileEntry(hashlib.sha256(data).hexdigest(), len(data))


def _both(variant: Variant, folder: Path, tolerance: Mapping[str, float]) -> Iterator[Variant]:
    """Yield a variant, and the same for onnxruntime-web of what is for onnxruntime."""
    variant = replace(variant, tolerance=variant.tolerance or tolerance)
    yield variant
    if variant.engine.name == ENGINE.name:
        providers = tuple("wasm" if name in ENGINE.providers else name for name in variant.engine.providers)
        engine = replace(variant.engine, name="onnxruntime-web", providers=providers)
        paths = {graph: f"{WEB}/{file}" for graph, file in variant.files.items()}
        files = {
            graph: file if (folder / file).exists() else variant.files[graph] for graph, file in paths.items()
        }
        yield replace(variant, target=WEB, engine=engine, files=files)


def _files(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in names if name not in ("manifest.json", SIGNATURE_FILE))
