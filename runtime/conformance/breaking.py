"""Makes the bundles: the good ones, and each broken one as the good one with one thing done to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import onnx_ir as ir
import tiny

from edgeattn_runtime.golden import Sample, write_golden
from edgeattn_runtime.manifest import FileEntry, Generation, Golden, Graph, Manifest, Symbol, Tensor
from edgeattn_runtime.rows import Padding, Rows, Stack
from edgeattn_runtime.settings import SessionSettings

SAMPLES = 4
TOLERANCE = 0.99

_TOKENS = Tensor("tokens", "int64", ("batch", "sequence"))
_MASK = Tensor("mask", "float32", ("batch", "sequence"))
_EMBEDDING = Tensor("embedding", "float32", ("batch", tiny.WIDTH))
_VECTORS = Tensor("vectors", "float32", ("batch", "sequence", tiny.WIDTH))
_MODEL = Graph("model.onnx", (_TOKENS, _MASK), (_EMBEDDING,))
_LOOKUP = Graph("lookup.onnx", (_TOKENS,), (_VECTORS,))
_SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(1, tiny.LONGEST)}
_SESSION = SessionSettings(threads=2, spinning=False, arena=False, memory_pattern=True)
_ROWS = Rows("batch", Padding("mask", hidden=0), (Stack({"sequence": 4}, rows=3),))


def good(folder: Path) -> None:
    """Write the bundle that all others come from: one graph and its golden vectors."""
    folder.mkdir(parents=True)
    save(tiny.network(), folder / "model.onnx")
    write_golden(folder / "golden.safetensors", tiny.samples())
    seal(folder)


def several(folder: Path) -> None:
    """Write a bundle with two graphs, one of which keeps its weights in a file of their own."""
    good(folder)
    (folder / "weights").mkdir()
    (folder / "weights" / "lookup.bin").write_bytes(tiny.weights()["table"].tobytes())
    save(tiny.lookup("weights/lookup.bin"), folder / "lookup.onnx")
    seal(folder, lookup=_LOOKUP)


def tuned(folder: Path) -> None:
    """Write the good bundle with a word on its session, and on its rows, whose padding the mask tells."""
    good(folder)
    describe(folder, {"model": _MODEL}, _SYMBOLS, recipe="dynamic-int8", session=_SESSION, rows=_ROWS)


def weights_outside(folder: Path) -> None:
    """Write the bundle with two graphs, the second reaching for a neighbor's weights."""
    several(folder)
    save(tiny.lookup("../several.edge/weights/lookup.bin"), folder / "lookup.onnx")
    seal(folder, lookup=_LOOKUP)


def unheard_of(folder: Path) -> None:
    """Write a bundle whose graph has an operator that no engine knows."""
    good(folder)
    save(tiny.unheard_of(), folder / "model.onnx")
    seal(folder)


def not_onnx(folder: Path) -> None:
    """Write a bundle whose graph, though its hash is right, is no ONNX file."""
    good(folder)
    (folder / "model.onnx").write_bytes(b"not an ONNX file\n")
    seal(folder)


def wrong_golden(folder: Path) -> None:
    """Write a bundle whose last golden output points the other way."""
    good(folder)
    *samples, last = tiny.samples()
    turned = Sample(last.inputs, {name: -array for name, array in last.outputs.items()})
    write_golden(folder / "golden.safetensors", [*samples, turned])
    seal(folder)


def lacking_golden(folder: Path) -> None:
    """Write a bundle with fewer golden samples than it claims."""
    good(folder)
    write_golden(folder / "golden.safetensors", tiny.samples()[:-1])
    seal(folder)


def false_contract(folder: Path) -> None:
    """Write a bundle whose manifest names an input that its graph has not."""
    good(folder)
    seal(folder, model=replace(_MODEL, inputs=(replace(_TOKENS, name="ids"), _MASK)))


def missing_file(folder: Path) -> None:
    """Take the golden vectors away."""
    good(folder)
    (folder / "golden.safetensors").unlink()


def truncated_file(folder: Path) -> None:
    """Cut the last byte off the graph."""
    good(folder)
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])


def changed_file(folder: Path) -> None:
    """Flip one bit in the middle of the graph."""
    good(folder)
    model = folder / "model.onnx"
    changed = bytearray(model.read_bytes())
    changed[len(changed) // 2] ^= 1
    model.write_bytes(changed)


def extra_file(folder: Path) -> None:
    """Add a file that the manifest does not list."""
    good(folder)
    (folder / "extra.txt").write_bytes(b"not listed\n")


def no_manifest(folder: Path) -> None:
    """Take the manifest away."""
    good(folder)
    (folder / "manifest.json").unlink()


def listing_parent(folder: Path) -> None:
    """List a file of the neighboring bundle, truthfully."""
    neighbor = json.dumps(asdict(entry(folder.parent / "good.edge" / "model.onnx")))
    rewritten('"files": {', f'"files": {{"../good.edge/model.onnx": {neighbor},')(folder)


def rewritten(old: str, new: str, whole: Callable[[Path], None] = good) -> Callable[[Path], None]:
    """Return what makes a whole bundle with one piece of its manifest's text replaced."""

    def make(folder: Path) -> None:
        whole(folder)
        path = folder / "manifest.json"
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in the manifest; expected once")
        path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    return make


def save(model: ir.Model, path: Path) -> None:
    """Write an ONNX file, naming its weights' files but leaving them alone."""
    path.write_bytes(ir.serde.serialize_model(model).SerializeToString(deterministic=True))


def seal(folder: Path, model: Graph = _MODEL, **others: Graph) -> None:
    """Write the manifest of what lies in ``folder``: its main graph's contract, and other graphs'."""
    describe(folder, {"model": model, **others}, _SYMBOLS, recipe="dynamic-int8")


def describe(
    folder: Path,
    graphs: Mapping[str, Graph],
    symbols: Mapping[str, Symbol],
    *,
    recipe: str,
    generation: Generation | None = None,
    session: SessionSettings | None = None,
    rows: Rows | None = None,
) -> None:
    """Write a manifest, and in it the size and sha256 of every other file in ``folder``."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    manifest = Manifest(
        name="tiny",
        target="cpu",
        graphs=graphs,
        symbols=symbols,
        generation=generation,
        session=session,
        rows=rows,
        files={path.relative_to(folder).as_posix(): entry(path) for path in paths},
        golden=Golden("golden.safetensors", SAMPLES, {"cosine": TOLERANCE}),
        requires={"onnxruntime": "1.23"},
        provenance={"recipe": recipe, "opset": tiny.OPSETS[""]},
        budget={"cosine": 0.98},
        scores={},
        verdict="pass",
    )
    (folder / "manifest.json").write_text(manifest.to_json(), encoding="utf-8", newline="\n")


def entry(path: Path) -> FileEntry:
    """Return the manifest's entry for a file."""
    data = path.read_bytes()
    return FileEntry(hashlib.sha256(data).hexdigest(), len(data))
