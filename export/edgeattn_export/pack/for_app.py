"""A bundle on disk -> what an app ships of it: one target, without reports, pictures and recipes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from edgeattn_export.graph.files import files_of
from edgeattn_export.pack.pack import Packed
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Variant
from edgeattn_runtime.errors import BadInput

GRAPHS, WEIGHTS, GOLDEN, TOKENIZER = "graphs", "weights", "golden vectors", "tokenizer"


def for_app(files: BundleFiles, target: str, *, golden: bool = True) -> Packed:
    """Put together what a device reads of a bundle: the graphs of one target, and what its manifest names.

    Args:
        files: The bundle on disk, checked.
        target: Which of its targets.
        golden: Whether its golden vectors are kept, which ``check`` replays.

    Raises:
        BadInput: The bundle has no such target; or it is signed, and its signature would no longer be right.
    """
    manifest = files.manifest
    if manifest.signature is not None:
        raise BadInput(f"{files.folder}: signed, an unsigned bundle expected; pack it first, then sign that")
    variants = tuple(variant for variant in manifest.variants if variant.target == target)
    if not variants:
        names = dict.fromkeys(variant.target for variant in manifest.variants)
        raise BadInput(f"{files.folder}: no target {target!r}; it has {', '.join(names)}")
    left_out = () if golden else (GOLDEN,)
    kept = [name for part, names in parts(files, variants).items() if part not in left_out for name in names]
    return Packed(
        replace(
            manifest,
            variants=variants,
            files={name: manifest.files[name] for name in kept},
            golden=manifest.golden if golden else None,
        ),
        {name: files.read(name) for name in kept},
    )


def parts(files: BundleFiles, variants: Iterable[Variant]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the files that a device reads, by what they are; no file twice."""
    graphs = tuple(dict.fromkeys(graph for variant in variants for graph in variant.files.values()))
    read = dict.fromkeys(name for graph in graphs for name in files_of(files, graph))
    processing, golden = files.manifest.processing, files.manifest.golden
    text = None if processing is None else processing.text
    return {
        GRAPHS: graphs,
        WEIGHTS: tuple(name for name in read if name not in graphs),
        GOLDEN: () if golden is None else (golden.file,),
        TOKENIZER: () if text is None else (text.tokenizer,),
    }
