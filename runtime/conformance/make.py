"""Writes the conformance bundles beside this file, and cases.json that says what each is for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import breaking
import bundles
import calls
import processed
from breaking import Make, changed, rewritten

CASES_FILE = "cases.json"
RECORDED = "encoder-decoder.edge"  # its graphs and golden vectors are record.py's

ACCEPTED, REFUSED, INCOMPATIBLE, GOLDEN_FAILS = "accepted", "refused", "incompatible", "golden-fails"
_ERRORS = {REFUSED: "BundleError", INCOMPATIBLE: "IncompatibleRuntimeError"}


@dataclass(frozen=True, slots=True)
class Case:
    """One bundle, the verdict that every runtime must reach, and what it must answer, prepare or refuse."""

    bundle: str
    verdict: str
    why: str
    make: Make
    calls: Iterable[dict[str, Any]] = ()
    generate: Iterable[dict[str, Any]] = ()
    prepare: Iterable[dict[str, Any]] = ()
    labels: Iterable[dict[str, Any]] = ()
    needs: str | None = None

    def table(self) -> dict[str, Any]:
        """Return what cases.json holds of it."""
        return {
            "bundle": self.bundle,
            "verdict": self.verdict,
            "why": self.why,
            "error": _ERRORS.get(self.verdict),
            "calls": list(self.calls),
            "generate": list(self.generate),
            **({"prepare": list(self.prepare)} if self.prepare else {}),
            **({"labels": list(self.labels)} if self.labels else {}),
            **({"needs": self.needs} if self.needs else {}),
        }


def _refused(bundle: str, why: str, make: Make, needs: str | None = None) -> Case:
    return Case(bundle, REFUSED, why, make, needs=needs)


def _in_both(*keys: str, to: Any) -> Make:
    """Return what changes a variant and its twin for browsers."""
    return changed("variants", 1, *keys, to=to, whole=changed(*_VARIANT, *keys, to=to))


_CAPACITY = {"min": 1, "max": 15}
_ENTRY = {"sha256": "0" * 64, "size": 1}
_VARIANT = ("variants", 0)
_SOURCES = ("generation", "sources")

WHOLE = (
    Case(
        "good.edge",
        ACCEPTED,
        "whole, and right",
        bundles.good,
        calls=[*calls.answered((1, 4), (3, 2)), *calls.refused()],
    ),
    Case(
        "several.edge",
        ACCEPTED,
        "two graphs, one with its weights in a file apart",
        bundles.several,
        calls=calls.looked_up(),
    ),
    Case(
        "tuned.edge",
        ACCEPTED,
        "options of the engine and the session, and independent rows",
        bundles.tuned,
        calls=calls.answered((3, 4)),
    ),
    Case(
        "preferred.edge",
        ACCEPTED,
        "three variants that run nowhere, before one that does",
        bundles.preferred,
        calls=calls.answered((1, 4)),
    ),
    Case(
        "buckets.edge",
        ACCEPTED,
        "two fixed shapes, met exactly, by padding or row by row, and a variant for all others",
        bundles.buckets,
        calls=calls.answered((1, 4), (2, 8), (1, 2), (3, 4), (3, 7), (1, 12)),
    ),
    Case("fixed.edge", ACCEPTED, "one fixed length alone", bundles.fixed, calls=calls.of_one_length()),
    Case("processed.edge", ACCEPTED, "a tokenizer, and labels", bundles.processed, labels=calls.labelled()),
    Case("signed.edge", ACCEPTED, "a signature that verifies", bundles.signed),
    Case(
        "decoder.edge",
        ACCEPTED,
        "generates",
        bundles.decoder_alone,
        calls=calls.of_a_decoder(),
        generate=calls.generated(),
    ),
    Case(
        "sources.edge",
        ACCEPTED,
        "generates from features and their mask",
        bundles.of_sources,
        calls=calls.of_an_encoder(),
        generate=calls.captioned(),
    ),
    Case(
        RECORDED,
        ACCEPTED,
        "generates from a source; graphs of the exporter, tokens of PyTorch",
        bundles.encoder_decoder,
        calls=calls.of_an_encoder_decoder(),
        generate=calls.translated(),
    ),
)

BROKEN = (
    Case("golden-wrong.edge", GOLDEN_FAILS, "a golden output points the other way", breaking.wrong_golden),
    _refused("golden-lacking.edge", "3 golden samples where 4 are named", breaking.lacking_golden),
    _refused("file-missing.edge", "golden.safetensors is not there", breaking.missing_file),
    _refused("file-truncated.edge", "model.onnx lacks its last byte", breaking.truncated_file),
    _refused("file-changed.edge", "one bit of model.onnx is flipped", breaking.changed_file),
    _refused("file-extra.edge", "extra.txt is not in the manifest", breaking.extra_file, needs="listing"),
    _refused("path-parent.edge", "a path goes up, to a file that is there", breaking.listing_parent),
    _refused("path-absolute.edge", "a path is absolute", changed("files", "/a", to=_ENTRY)),
    _refused("path-drive.edge", "a path names a drive", changed("files", "C:a", to=_ENTRY)),
    _refused("path-backslash.edge", "a backslash in a path", changed("files", "a\\b", to=_ENTRY)),
    _refused("weights-outside.edge", "a graph reads another folder's weights", breaking.weights_outside),
    _refused("graph-not-onnx.edge", "model.onnx is a text", breaking.not_onnx),
    _refused("graph-unlike.edge", "an input is named that model.onnx has not", breaking.false_contract),
    Case("graph-unheard-of.edge", INCOMPATIBLE, "an operator that no engine has", breaking.unheard_of),
    _refused("manifest-missing.edge", "no manifest.json", breaking.no_manifest),
    _refused("manifest-cut.edge", "the JSON lacks its last brace", rewritten("23\n  }\n}", "23\n  }\n")),
    _refused("schema-1.edge", "the schema before this one", changed("schema", to=1)),
    _refused("schema-3.edge", "a schema of the future", changed("schema", to=3)),
    _refused(
        "key-twice.edge", "a key stands twice", rewritten('"name": "tiny"', '"name": "", "name": "tiny"')
    ),
    _refused("key-unknown.edge", "a key of no schema", changed("extra", to=1)),
    _refused("key-missing.edge", "no budget", rewritten('  "budget": {\n    "cosine": 0.98\n  },\n', "")),
    _refused("number-nan.edge", "NaN, which is no JSON", rewritten('"cosine": 0.98', '"cosine": NaN')),
    _refused("dtype-unknown.edge", "a dtype that numpy has not", rewritten('"int64"', '"int63"')),
    _refused("dim-unknown.edge", "a symbol without bounds", rewritten('"sequence": {', '"length": {')),
    _refused("bounds-crossed.edge", "a symbol's max below its min", rewritten('"max": 16', '"max": 0')),
)

VARIANTS = (
    Case(
        "engine-99.edge",
        INCOMPATIBLE,
        "needs onnxruntime 99.0",
        _in_both("engine", "version", to="99.0"),
    ),
    Case(
        "engine-unknown.edge",
        INCOMPATIBLE,
        "no variant for an engine that anybody has",
        _in_both("engine", "name", to="unheard-of"),
    ),
    Case(
        "engine-provider.edge",
        INCOMPATIBLE,
        "an execution provider that no engine has",
        _in_both("engine", "providers", to=["UnheardOfExecutionProvider"]),
    ),
    _refused("engine-bare.edge", "no execution provider", changed(*_VARIANT, "engine", "providers", to=[])),
    _refused(
        "engine-option.edge",
        "an option that is no text, number or boolean",
        changed(*_VARIANT, "engine", "options", to={"cores": [0, 1]}),
    ),
    _refused("variants-none.edge", "no variant", changed("variants", to=[])),
    _refused(
        "variant-graph.edge",
        "a variant that lacks a graph's file",
        changed(*_VARIANT, "files", to={"model": "model.onnx"}, whole=bundles.several),
    ),
    _refused(
        "variant-unlisted.edge",
        "a variant's file is not in files",
        changed(*_VARIANT, "files", "model", to="x.onnx"),
    ),
    _refused("sizes-unknown.edge", "sizes of no symbol", changed(*_VARIANT, "sizes", to={"length": 4})),
    _refused("sizes-beyond.edge", "a size out of bounds", changed(*_VARIANT, "sizes", to={"sequence": 17})),
    _refused(
        "stacks-alone.edge",
        "stacks without rows",
        changed(*_VARIANT, "stacks", to=[{"sizes": {"sequence": 4}, "rows": 2}]),
    ),
    _refused(
        "stacks-sizes.edge",
        "rows counted at a size of no symbol",
        changed(*_VARIANT, "stacks", 0, "sizes", to={"length": 4}, whole=bundles.tuned),
    ),
    _refused(
        "session-threads.edge",
        "a session without a thread",
        changed(*_VARIANT, "session", "threads", to=0, whole=bundles.tuned),
    ),
    _refused(
        "session-flag.edge",
        "1 where true or false belongs",
        changed(*_VARIANT, "session", "spinning", to=1, whole=bundles.tuned),
    ),
)

PROMISES = (
    _refused(
        "rows-batch.edge",
        "rows along a symbol that leads no input",
        changed("rows", "batch", to="sequence", whole=bundles.tuned),
    ),
    _refused(
        "rows-mask.edge",
        "padding told by an input that is not there",
        changed("rows", "padding", "mask", to="padding", whole=bundles.tuned),
    ),
    _refused(
        "rows-masked-out.edge",
        "padding told by a 2",
        changed("rows", "padding", "masked_out", to=2, whole=bundles.tuned),
    ),
    _refused(
        "generation-graph.edge",
        "generation names a graph that is not there",
        changed("generation", "decoder", to="decoder", whole=bundles.decoder_alone),
    ),
    _refused(
        "generation-kind.edge",
        "an encoder-decoder that names no encoder",
        changed("generation", "kind", to="encoder-decoder", whole=bundles.decoder_alone),
    ),
    _refused(
        "generation-cache.edge",
        "a cached input that no output continues",
        changed("generation", "cache", 1, "present", to="logits", whole=bundles.decoder_alone),
    ),
    _refused(
        "generation-positions.edge",
        "more positions than the symbols allow",
        changed("generation", "positions", to=17, whole=bundles.decoder_alone),
    ),
    _refused(
        "generation-sources-unknown.edge",
        "a source that is no input of the encoder",
        changed(*_SOURCES, to=["features", "shown"], whole=bundles.of_sources),
    ),
    _refused(
        "generation-sources-few.edge",
        "an input of the encoder that is no source",
        changed(*_SOURCES, to=["features"], whole=bundles.of_sources),
    ),
    _refused(
        "generation-sources-twice.edge",
        "a source that stands twice",
        changed(*_SOURCES, to=["features", "mask", "mask"], whole=bundles.of_sources),
    ),
    _refused(
        "generation-sources-none.edge",
        "an encoder without a source",
        changed(*_SOURCES, to=[], whole=bundles.of_sources),
    ),
    _refused(
        "generation-length.edge",
        "no input tells how many tokens the cache holds",
        rewritten('\n    "length": "past_length",', "", bundles.decoder_alone),
    ),
    _refused(
        "generation-capacity.edge",
        "room for fewer tokens than there are positions",
        changed("symbols", "capacity", to=_CAPACITY, whole=bundles.decoder_alone),
    ),
    _refused(
        "processing-tokenizer.edge",
        "a tokenizer that is not in files",
        changed("processing", "text", "tokenizer", to="words.json", whole=bundles.processed),
    ),
    _refused(
        "processing-input.edge",
        "token ids for an input that is not there",
        changed("processing", "text", "ids", to="ids", whole=bundles.processed),
    ),
    _refused(
        "processing-labels.edge",
        "fewer labels than the output has places",
        changed("processing", "labels", "names", to=["one"], whole=bundles.processed),
    ),
    _refused("signature-unsaid.edge", "manifest.sig without signature", breaking.unsigned, needs="listing"),
    _refused("signature-missing.edge", "signature without manifest.sig", breaking.signature_gone),
    _refused("signature-cut.edge", "manifest.sig of 63 bytes", breaking.signature_cut),
)

PREPARED = (
    Case(
        "wordpiece.edge",
        ACCEPTED,
        "texts by a WordPiece tokenizer, cut at 24 tokens",
        processed.of_texts("wordpiece"),
        prepare=processed.texts("wordpiece"),
    ),
    Case(
        "bytes.edge",
        ACCEPTED,
        "texts by a byte-level BPE tokenizer, cut at 64 tokens, without a mask",
        processed.of_texts("bytes"),
        prepare=processed.texts("bytes"),
    ),
    Case(
        "unigram.edge",
        ACCEPTED,
        "texts by a Unigram tokenizer, never cut",
        processed.of_texts("unigram"),
        prepare=processed.texts("unigram"),
    ),
    Case(
        "bilinear.edge",
        ACCEPTED,
        "images in RGB, bilinear, channels first",
        processed.of_images("bilinear"),
        prepare=processed.images("bilinear"),
    ),
    Case(
        "bicubic.edge",
        ACCEPTED,
        "images in BGR, bicubic, channels last",
        processed.of_images("bicubic"),
        prepare=processed.images("bicubic"),
    ),
    Case(
        "nearest.edge",
        ACCEPTED,
        "images in grey, nearest, ink as high numbers",
        processed.of_images("nearest"),
        prepare=processed.images("nearest"),
    ),
    Case(
        "mono.edge",
        ACCEPTED,
        "sounds of one channel, filled up to the 12 samples of the input",
        processed.of_sounds("mono"),
        prepare=processed.of_signals("audio", "mono"),
    ),
    Case(
        "stereo.edge",
        ACCEPTED,
        "sounds of two channels and any length",
        processed.of_sounds("stereo"),
        prepare=processed.of_signals("audio", "stereo"),
    ),
    Case(
        "log-mel.edge",
        ACCEPTED,
        "sounds as log-mel features",
        processed.of_sounds("log-mel"),
        prepare=processed.of_signals("audio", "log-mel"),
    ),
    Case(
        "series-hold.edge",
        ACCEPTED,
        "two series, where a missing value is the one before it",
        processed.of_series("series-hold"),
        prepare=processed.of_signals("series", "series-hold"),
    ),
    Case(
        "series-refuse.edge",
        ACCEPTED,
        "two series without gaps",
        processed.of_series("series-refuse"),
        prepare=processed.of_signals("series", "series-refuse"),
    ),
    _refused(
        "processing-series.edge",
        "a mean for one of two series",
        changed("processing", "series", "mean", to=[0.1], whole=processed.of_series("series-hold")),
    ),
    _refused(
        "processing-log-mel.edge",
        "features of more bands than the input takes",
        changed("processing", "audio", "log_mel", "bands", to=5, whole=processed.of_sounds("log-mel")),
    ),
    _refused(
        "processing-ids.edge",
        "token ids for an input of floats",
        changed("processing", "text", "ids", to="mask", whole=bundles.processed),
    ),
    _refused(
        "processing-image.edge",
        "an image for an input of three dims",
        changed("graphs", "model", "inputs", 0, "dims", to=[1, 8, 8], whole=processed.of_images("nearest")),
    ),
)

CASES = (*WHOLE, *BROKEN, *VARIANTS, *PROMISES, *PREPARED)


def main(target: Path) -> None:
    """Write every bundle and the cases into ``target``, over what an earlier run wrote."""
    for case in CASES:
        if case.bundle != RECORDED:
            shutil.rmtree(target / case.bundle, ignore_errors=True)
        case.make(target / case.bundle)
    processed.write_images(target)
    processed.write_signals(target)
    lines = ",\n".join(json.dumps(case.table(), allow_nan=False) for case in CASES)
    (target / CASES_FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(__file__).parent)
