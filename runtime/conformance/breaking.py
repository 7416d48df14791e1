"""The bundles that are broken: each is a whole one with one thing done to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import kernel_nodes
import tiny
from bundles import (
    GOLDEN_FILE,
    MASK,
    MODEL,
    MODEL_FILE,
    TOKENS,
    WEB,
    describe,
    entry,
    good,
    save,
    several,
    signed,
    with_kernels,
)

Make = Callable[[Path], None]


def weights_outside(folder: Path) -> None:
    """Let the second graph reach for a neighbor's weights."""
    several(folder)
    for file in ("lookup.onnx", f"{WEB}/lookup.onnx"):
        save(tiny.lookup("../several.edge/weights/lookup.bin"), folder / file)
        _sealed(folder, file)


def unheard_of(folder: Path) -> None:
    """Give the graph an operator that no engine knows."""
    good(folder)
    save(tiny.unheard_of(), folder / MODEL_FILE)
    describe(folder)


def too_wide(folder: Path) -> None:
    """Give a node for a kernel a weight that its input does not fit."""
    with_kernels(folder, kernel_nodes.too_wide())


def not_onnx(folder: Path) -> None:
    """Put a text in the graph's place, though its hash is right."""
    good(folder)
    (folder / MODEL_FILE).write_bytes(b"not an ONNX file\n")
    describe(folder)


def false_contract(folder: Path) -> None:
    """Name an input that the graph has not."""
    good(folder)
    describe(folder, graphs={"model": replace(MODEL, inputs=(replace(TOKENS, name="ids"), MASK))})


def missing_file(folder: Path) -> None:
    """Take the golden vectors away."""
    good(folder)
    (folder / GOLDEN_FILE).unlink()


def truncated_file(folder: Path) -> None:
    """Cut the last byte off the graph."""
    good(folder)
    model = folder / MODEL_FILE
    model.write_bytes(model.read_bytes()[:-1])


def changed_file(folder: Path) -> None:
    """Flip one bit in the middle of the graph."""
    good(folder)
    model = folder / MODEL_FILE
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


def padded_manifest(folder: Path) -> None:
    """Write more blanks behind the manifest than it may have bytes."""
    good(folder)
    with (folder / "manifest.json").open("a", encoding="utf-8") as manifest:
        manifest.write(" " * 2**20)


def unsigned(folder: Path) -> None:
    """Add a signature that the manifest says nothing of."""
    good(folder)
    (folder / "manifest.sig").write_bytes(bytes(64))


def signature_gone(folder: Path) -> None:
    """Take the signature away that the manifest speaks of."""
    signed(folder)
    (folder / "manifest.sig").unlink()


def signature_cut(folder: Path) -> None:
    """Cut the last byte off the signature."""
    signed(folder)
    signature = folder / "manifest.sig"
    signature.write_bytes(signature.read_bytes()[:-1])


def listing_parent(folder: Path) -> None:
    """List a file of the neighboring bundle, truthfully."""
    neighbor = asdict(entry(folder.parent / "good.edge" / MODEL_FILE))
    changed("files", f"../good.edge/{MODEL_FILE}", to=neighbor)(folder)


def rewritten(old: str, new: str, whole: Make = good) -> Make:
    """Return what makes a whole bundle with one piece of its manifest's text replaced."""

    def make(folder: Path) -> None:
        whole(folder)
        path = folder / "manifest.json"
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in the manifest; expected once")
        path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    return make


def changed(*keys: str | int, to: Any, whole: Make = good) -> Make:
    """Return what makes a whole bundle with one value of its manifest set to another."""

    def make(folder: Path) -> None:
        whole(folder)
        path = folder / "manifest.json"
        manifest = table = json.loads(path.read_text(encoding="utf-8"))
        for key in keys[:-1]:
            table = table[key]
        table[keys[-1]] = to
        path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8", newline="\n")

    return make


def _sealed(folder: Path, file: str) -> None:
    changed("files", file, to=asdict(entry(folder / file)), whole=lambda _: None)(folder)
