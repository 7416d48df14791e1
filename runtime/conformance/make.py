"""Writes the conformance bundles beside this file, and the README that says what each is for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import breaking
import generating
from breaking import rewritten

ACCEPTED = "accepted"
REFUSED = "refused"
TOO_NEW = "refused: beyond the installed engine"
UNPROVEN = "accepted; its golden vectors fail"


@dataclass(frozen=True, slots=True)
class Case:
    """One bundle: its folder's name, the verdict every runtime must reach, and what was done to it."""

    folder: str
    verdict: str
    why: str
    make: Callable[[Path], None]


def readme() -> str:
    """Return the page that lists every bundle."""
    rows = "\n".join(f"| `{case.folder}` | {case.verdict} | {case.why} |" for case in CASES)
    return f"""\
# Bundles that every runtime must accept or refuse

A runtime keeps [the specification](../README.md) when it reaches the verdict of this table on each folder,
opening every graph and replaying the golden vectors. The network is one int8 attention layer
([tiny.py](tiny.py)); of the bundles that generate, a decoder of one layer ([decoders.py](decoders.py)). Their
answers are computed in numpy. `python runtime/conformance/make.py` writes all folders and this page.

| folder | must be | why |
| --- | --- | --- |
{rows}

A link that leaves its bundle is refused too. Links do not survive every copy of this folder, so each
runtime's own tests make one.
"""


_ENTRY = f'{{"sha256": "{"0" * 64}", "size": 1}}'
_FILES = '"files": {'
_CAPACITY = '"capacity": {\n      "min": 1,\n      "max": 16'

CASES = (
    Case("good.edge", ACCEPTED, "whole, and right", breaking.good),
    Case("several.edge", ACCEPTED, "two graphs, one with its weights in a file apart", breaking.several),
    Case("tuned.edge", ACCEPTED, "a session's options, and independent rows", breaking.tuned),
    Case("golden-wrong.edge", UNPROVEN, "one golden output points the other way", breaking.wrong_golden),
    Case("golden-lacking.edge", REFUSED, "3 golden samples where 4 are named", breaking.lacking_golden),
    Case("file-missing.edge", REFUSED, "golden.safetensors is not there", breaking.missing_file),
    Case("file-truncated.edge", REFUSED, "model.onnx lacks its last byte", breaking.truncated_file),
    Case("file-changed.edge", REFUSED, "one bit of model.onnx is flipped", breaking.changed_file),
    Case("file-extra.edge", REFUSED, "extra.txt is not in the manifest", breaking.extra_file),
    Case("path-parent.edge", REFUSED, "a path goes up, to a file that is there", breaking.listing_parent),
    Case("path-absolute.edge", REFUSED, "a path is absolute", rewritten(_FILES, f'{_FILES}"/a": {_ENTRY},')),
    Case("path-drive.edge", REFUSED, "a path names a drive", rewritten(_FILES, f'{_FILES}"C:a": {_ENTRY},')),
    Case("path-backslash.edge", REFUSED, "a backslash", rewritten(_FILES, f'{_FILES}"a\\\\b": {_ENTRY},')),
    Case("weights-outside.edge", REFUSED, "a graph reads another folder's weights", breaking.weights_outside),
    Case("graph-not-onnx.edge", REFUSED, "model.onnx is a text", breaking.not_onnx),
    Case("graph-unlike.edge", REFUSED, "an input is named that model.onnx has not", breaking.false_contract),
    Case("graph-unheard-of.edge", TOO_NEW, "an operator that no engine has", breaking.unheard_of),
    Case("engine-99.edge", TOO_NEW, "needs onnxruntime 99.0", rewritten('"1.23"', '"99.0"')),
    Case("manifest-missing.edge", REFUSED, "no manifest.json", breaking.no_manifest),
    Case("manifest-cut.edge", REFUSED, "the JSON lacks its last brace", rewritten('"pass"\n}', '"pass"\n')),
    Case("schema-2.edge", REFUSED, "a schema of the future", rewritten('"schema": 1', '"schema": 2')),
    Case("key-twice.edge", REFUSED, "a key stands twice", rewritten('"target"', '"name": "other", "target"')),
    Case("key-unknown.edge", REFUSED, "a key of no schema", rewritten('"target"', '"extra": 1, "target"')),
    Case("key-missing.edge", REFUSED, "no verdict", rewritten(',\n  "verdict": "pass"', "")),
    Case("number-nan.edge", REFUSED, "NaN, which is no JSON", rewritten('"cosine": 0.98', '"cosine": NaN')),
    Case("dtype-unknown.edge", REFUSED, "a dtype that numpy has not", rewritten('"int64"', '"int63"')),
    Case("dim-unknown.edge", REFUSED, "a symbol without bounds", rewritten('"sequence": {', '"length": {')),
    Case("bounds-crossed.edge", REFUSED, "a symbol's max below its min", rewritten('"max": 16', '"max": 0')),
    Case(
        "graph-unlisted.edge",
        REFUSED,
        "a graph's file is not in files",
        rewritten('"model.onnx",', '"x.onnx",'),
    ),
    Case(
        "session-threads.edge",
        REFUSED,
        "a session without a thread",
        rewritten('"threads": 2', '"threads": 0', breaking.tuned),
    ),
    Case(
        "session-flag.edge",
        REFUSED,
        "1 where true or false belongs",
        rewritten('"spinning": false', '"spinning": 1', breaking.tuned),
    ),
    Case(
        "rows-batch.edge",
        REFUSED,
        "rows along a symbol that leads no input",
        rewritten('"batch": "batch"', '"batch": "sequence"', breaking.tuned),
    ),
    Case(
        "rows-mask.edge",
        REFUSED,
        "padding told by an input that is not there",
        rewritten('"mask": "mask"', '"mask": "padding"', breaking.tuned),
    ),
    Case(
        "rows-hidden.edge",
        REFUSED,
        "padding told by a 2",
        rewritten('"hidden": 0', '"hidden": 2', breaking.tuned),
    ),
    Case(
        "rows-sizes.edge",
        REFUSED,
        "rows counted at a size of no symbol",
        rewritten('"sequence": 4', '"length": 4', breaking.tuned),
    ),
    Case("decoder.edge", ACCEPTED, "generates, with a cache", generating.decoder),
    Case("decoder-in-place.edge", ACCEPTED, "generates, its cache in place", generating.decoder_in_place),
    Case("encoder-decoder.edge", ACCEPTED, "generates, from a source", generating.encoder_decoder),
    Case(
        "generation-graph.edge",
        REFUSED,
        "generation names a graph that is not there",
        rewritten('"decoder": "model"', '"decoder": "decoder"', generating.decoder),
    ),
    Case(
        "generation-kind.edge",
        REFUSED,
        "an encoder-decoder that names no encoder",
        rewritten('"kind": "decoder"', '"kind": "encoder-decoder"', generating.decoder),
    ),
    Case(
        "generation-cache.edge",
        REFUSED,
        "a cached input that no output continues",
        rewritten('"present": "present_value_0"', '"present": "logits"', generating.decoder),
    ),
    Case(
        "generation-positions.edge",
        REFUSED,
        "more positions than the symbols allow",
        rewritten('"positions": 16', '"positions": 17', generating.decoder),
    ),
    Case(
        "generation-length.edge",
        REFUSED,
        "a cache kept in place whose length no input tells",
        rewritten('\n    "length": "past_length",', "", generating.decoder_in_place),
    ),
    Case(
        "generation-capacity.edge",
        REFUSED,
        "room for fewer tokens than there are positions",
        rewritten(_CAPACITY, _CAPACITY.replace("16", "15"), generating.decoder_in_place),
    ),
)


def main(target: Path) -> None:
    """Write every bundle and the README into ``target``, over what an earlier run wrote."""
    for case in CASES:
        shutil.rmtree(target / case.folder, ignore_errors=True)
        case.make(target / case.folder)
    (target / "README.md").write_text(readme(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(__file__).parent)
