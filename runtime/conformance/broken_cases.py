"""Bundles that are refused: files, manifests, and promises that their graphs do not keep."""

from __future__ import annotations

import breaking
import bundles
import generating
from breaking import changed, rewritten
from case import (
    CAPACITY,
    ENTRY,
    INCOMPATIBLE,
    INPUTS,
    SOURCES,
    Case,
    refused,
)


def _of_lengths(bundle: str, why: str, symbol: object) -> Case:
    return refused(bundle, why, changed(*INPUTS, 1, "lengths_of", to=symbol, whole=bundles.padded))


BROKEN = (
    refused("file-missing.edge", "golden.safetensors is not there", breaking.missing_file),
    refused("file-truncated.edge", "model.onnx lacks its last byte", breaking.truncated_file),
    refused("file-changed.edge", "one bit of model.onnx is flipped", breaking.changed_file),
    refused("file-extra.edge", "extra.txt is not in the manifest", breaking.extra_file, needs="listing"),
    refused("path-parent.edge", "a path goes up, to a file that is there", breaking.listing_parent),
    refused("path-absolute.edge", "a path is absolute", changed("files", "/a", to=ENTRY)),
    refused("path-drive.edge", "a path names a drive", changed("files", "C:a", to=ENTRY)),
    refused("path-backslash.edge", "a backslash in a path", changed("files", "a\\b", to=ENTRY)),
    refused("weights-outside.edge", "a graph reads another folder's weights", breaking.weights_outside),
    refused("graph-not-onnx.edge", "model.onnx is a text", breaking.not_onnx),
    refused("graph-unlike.edge", "an input is named that model.onnx has not", breaking.false_contract),
    refused("kernels-shape.edge", "a node for a kernel whose weight does not fit", breaking.too_wide),
    Case("graph-unheard-of.edge", INCOMPATIBLE, "an operator that no engine has", breaking.unheard_of),
    refused(
        "name-turned.edge", "a name with U+202E, which turns what follows", changed("name", to="a\u202eb")
    ),
    refused("name-hidden.edge", "a name with U+200B, which takes no place", changed("name", to="a\u200bb")),
    refused(
        "number-large.edge", "an integer of 31 digits as a number", changed("budget", "cosine", to=10**30)
    ),
    refused("manifest-missing.edge", "no manifest.json", breaking.no_manifest),
    refused("manifest-cut.edge", "the JSON lacks its last brace", rewritten("23\n  }\n}", "23\n  }\n")),
    refused("schema-1.edge", "the schema before this one", changed("schema", to=1)),
    refused("schema-3.edge", "a schema of the future", changed("schema", to=3)),
    refused(
        "key-twice.edge", "a key stands twice", rewritten('"name": "tiny"', '"name": "", "name": "tiny"')
    ),
    refused("key-unknown.edge", "a key of no schema", changed("extra", to=1)),
    refused("key-missing.edge", "no budget", rewritten('  "budget": {\n    "cosine": 0.98\n  },\n', "")),
    refused("number-nan.edge", "NaN, which is no JSON", rewritten('"cosine": 0.98', '"cosine": NaN')),
    refused("dtype-unknown.edge", "a dtype that numpy has not", rewritten('"int64"', '"int63"')),
    refused("dim-unknown.edge", "a symbol without bounds", rewritten('"sequence": {', '"length": {')),
    refused("bounds-crossed.edge", "a symbol's max below its min", rewritten('"max": 16', '"max": 0')),
)

INDICES = (
    refused("table-rows-negative.edge", "a table of -1 rows", changed(*INPUTS, 0, "table_rows", to=-1)),
    refused("table-rows-fraction.edge", "a table of 15.5 rows", changed(*INPUTS, 0, "table_rows", to=15.5)),
    refused("table-rows-beyond.edge", "a table of 2^31 rows", changed(*INPUTS, 0, "table_rows", to=2**31)),
    refused("table-rows-float.edge", "indices that are floats", changed(*INPUTS, 1, "table_rows", to=16)),
)

LENGTHS = (
    _of_lengths("lengths-of-unknown.edge", "lengths of an axis that no input has", "time"),
    _of_lengths("lengths-of-size.edge", "lengths of a number", 8),
    _of_lengths("lengths-of-null.edge", "lengths of null", None),
    refused(
        "lengths-float.edge", "lengths that are floats", changed(*INPUTS, 1, "lengths_of", to="sequence")
    ),
)


PROMISES = (
    refused(
        "rows-batch.edge",
        "rows along a symbol that leads no input",
        changed("rows", "batch", to="sequence", whole=bundles.tuned),
    ),
    refused(
        "rows-symbol.edge",
        "rows of a graph without inputs, along a symbol that is not there",
        changed(
            *("rows", "batch"),
            to="time",
            whole=changed("graphs", "model", to={"inputs": [], "outputs": []}, whole=bundles.tuned),
        ),
    ),
    refused(
        "rows-mask.edge",
        "padding told by an input that is not there",
        changed("rows", "padding", "mask", to="padding", whole=bundles.tuned),
    ),
    refused(
        "rows-masked-out.edge",
        "padding told by a 2",
        changed("rows", "padding", "masked_out", to=2, whole=bundles.tuned),
    ),
    refused(
        "generation-graph.edge",
        "generation names a graph that is not there",
        changed("generation", "decoder", to="decoder", whole=generating.decoder_alone),
    ),
    refused(
        "generation-kind.edge",
        "an encoder-decoder that names no encoder",
        changed("generation", "kind", to="encoder-decoder", whole=generating.decoder_alone),
    ),
    refused(
        "generation-cache.edge",
        "a cached input that no output continues",
        changed("generation", "cache", 1, "present", to="logits", whole=generating.decoder_alone),
    ),
    refused(
        "generation-cache-dtype.edge",
        "a cached input in int8 that an output in float32 continues",
        changed("graphs", "model", "inputs", 2, "dtype", to="int8", whole=generating.decoder_alone),
    ),
    refused(
        "generation-cache-int16.edge",
        "a cache in int16",
        changed(
            *("graphs", "model", "inputs", 2, "dtype"),
            to="int16",
            whole=changed(
                *("graphs", "model", "outputs", 1, "dtype"), to="int16", whole=generating.decoder_alone
            ),
        ),
    ),
    refused(
        "generation-positions.edge",
        "more positions than the symbols allow",
        changed("generation", "positions", to=17, whole=generating.decoder_alone),
    ),
    refused(
        "generation-sources-unknown.edge",
        "a source that is no input of the encoder",
        changed(*SOURCES, to=["features", "shown"], whole=generating.feature_encoder),
    ),
    refused(
        "generation-sources-few.edge",
        "an input of the encoder that is no source",
        changed(*SOURCES, to=["features"], whole=generating.feature_encoder),
    ),
    refused(
        "generation-sources-twice.edge",
        "a source that stands twice",
        changed(*SOURCES, to=["features", "mask", "mask"], whole=generating.feature_encoder),
    ),
    refused(
        "generation-sources-none.edge",
        "an encoder without a source",
        changed(*SOURCES, to=[], whole=generating.feature_encoder),
    ),
    refused(
        "generation-length.edge",
        "no input tells how many tokens the cache holds",
        rewritten('\n    "length": "past_length",', "", generating.decoder_alone),
    ),
    refused(
        "generation-capacity.edge",
        "room for fewer tokens than there are positions",
        changed("symbols", "capacity", to=CAPACITY, whole=generating.decoder_alone),
    ),
    refused(
        "processing-tokenizer.edge",
        "a tokenizer that is not in files",
        changed("processing", "text", "tokenizer", to="words.json", whole=bundles.processed),
    ),
    refused(
        "processing-input.edge",
        "token ids for an input that is not there",
        changed("processing", "text", "ids", to="ids", whole=bundles.processed),
    ),
    refused(
        "processing-labels.edge",
        "fewer labels than the output has places",
        changed("processing", "labels", "names", to=["one"], whole=bundles.processed),
    ),
    refused("signature-unsaid.edge", "manifest.sig without signature", breaking.unsigned, needs="listing"),
    refused("signature-missing.edge", "signature without manifest.sig", breaking.signature_gone),
    refused("signature-cut.edge", "manifest.sig of 63 bytes", breaking.signature_cut),
)
