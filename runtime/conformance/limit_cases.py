"""Limits: bundles that ask for more, and texts and images that would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import breaking
import bundles
import processed
import steps
from breaking import Make, changed
from case import ACCEPTED, INPUTS, Case, refused

_IMAGE = ("processing", "image")
_MEL = ("processing", "audio", "log_mel")

Table = dict[str, Any]


def _log_mel(**changes: int) -> Make:
    """Return what writes a bundle with other features, for an input that takes as many numbers."""
    make = processed.sound_bundle("log-mel")
    for key, value in changes.items():
        make = changed(*_MEL, key, to=value, whole=make)
    return make


def _normalizing(bundle: str, why: str, steps: Sequence[Table], **asked: Any) -> Case:
    """Return a case whose tokenizer has these normalizers."""
    normalizer = {"type": "Sequence", "normalizers": list(steps)}
    return Case(bundle, ACCEPTED, why, bundles.with_tokenizer(normalizer=normalizer), **asked)


def _replace(old: str, new: str) -> Table:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


_GROWING = (_replace("a", 32 * "a"), {"type": "Prepend", "prepend": 31 * "b"}, {"type": "NFD"})
_GROWING_MORE = (_replace("a", 32 * "a"), {"type": "Prepend", "prepend": 127 * "b"})
_STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
_STEPPING = ({"type": "Prepend", "prepend": 63 * "b"}, *[_STRIP] * 60)
_UNIGRAM = {"type": "Unigram", "unk_id": 0, "vocab": [["[UNK]", 0], ["a", -1], [257 * "a", -2]]}
_NO_TEXT = ({"tokens": [1], "error": "BundleError", "needs": "tokenizer"},)

LIMITS = (
    refused("limit-manifest.edge", "a manifest of more than 2^20 bytes", breaking.padded_manifest),
    _normalizing(
        "growing.edge",
        "a tokenizer whose last step makes 3,072 bytes of one",
        _GROWING,
        prepare=processed.long_entries("growing"),
    ),
    _normalizing(
        "stepping.edge",
        "a tokenizer of 62 steps that each make 64 bytes of one",
        _STEPPING,
        prepare=processed.long_entries("stepping"),
    ),
    _normalizing(
        "limit-growth.edge",
        "a tokenizer whose steps make 8,224 bytes of one, all together, which no text becomes",
        _GROWING_MORE,
        decode=_NO_TEXT,
    ),
    _normalizing(
        "limit-steps.edge",
        "a tokenizer of 66 steps, which no text becomes",
        [_STRIP] * 65,
        decode=_NO_TEXT,
    ),
    Case(
        "limit-piece.edge",
        ACCEPTED,
        "a Unigram model with a token of 257 bytes",
        bundles.with_tokenizer(model=_UNIGRAM),
        decode=_NO_TEXT,
    ),
    Case(
        "limit-decoded.edge",
        ACCEPTED,
        "a decoder that makes 17 bytes of one",
        bundles.with_tokenizer(decoder=_replace("a", "a" * 17)),
        decode=_NO_TEXT,
    ),
    refused(
        "limit-pixels.edge",
        "images of more pixels than any may have",
        changed(*_IMAGE, "height", to=2**13 + 1, whole=processed.image_bundle("wide")),
    ),
    refused(
        "limit-resize.edge",
        "images that would be made of more pixels than any may have",
        changed(*_IMAGE, "resize", "shorter", to=5793, whole=processed.image_bundle("long")),
    ),
    refused(
        "processing-image-height.edge",
        "images of another height than the input",
        changed(*_IMAGE, "height", to=6, whole=processed.image_bundle("bilinear")),
    ),
    refused(
        "processing-image-layout.edge",
        "images whose channels stand elsewhere than the input's",
        changed(*_IMAGE, "layout", to="NHWC", whole=processed.image_bundle("bilinear")),
    ),
    refused(
        "processing-channels.edge",
        "sounds of three channels for an input of two",
        changed("processing", "audio", "channels", to=3, whole=processed.sound_bundle("stereo")),
    ),
    refused(
        "limit-rate.edge",
        "more than 2^20 samples a second",
        changed("processing", "audio", "rate", to=2**20 + 1, whole=processed.sound_bundle("mono")),
    ),
    refused(
        "limit-samples.edge",
        "an input of more than 2^24 samples in two channels",
        changed(*INPUTS, 0, "dims", to=["batch", 2, 2**23 + 1], whole=processed.sound_bundle("stereo")),
    ),
    refused("limit-frame.edge", "frames of more than 2^15 samples", _log_mel(frame=2**15 + 1, hop=2**10)),
    refused("limit-frames.edge", "more than 64 frames over a sample", _log_mel(frame=2**6 + 1, hop=1)),
    refused(
        "limit-bands.edge",
        "more than 512 bands",
        changed(*INPUTS, 0, "dims", 2, to=2 * 513, whole=_log_mel(bands=513)),
    ),
    refused("limit-token.edge", "tokens of more than 2^22 samples", _log_mel(hop=2**22)),
    refused(
        "limit-step.edge",
        "a step whose states have more than 2^27 bytes",
        steps.with_state("count", "int64", 2**24 + 1),
    ),
    Case(
        "long.edge",
        ACCEPTED,
        "images that may be longer than they may be made",
        processed.image_bundle("long"),
        prepare=processed.long_image_entries(),
    ),
    Case(
        "wide.edge",
        ACCEPTED,
        "images that may have more rows than they may be made wide",
        processed.image_bundle("wide"),
        prepare=processed.tall_entries(),
    ),
)
