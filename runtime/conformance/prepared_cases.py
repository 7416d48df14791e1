"""Bundles with processing: what they prepare, and what they refuse."""

from __future__ import annotations

import bundles
import many
import processed
from breaking import changed
from case import ACCEPTED, INPUTS, Case, refused

_IMAGE = ("processing", "image")
_TEXT = ("processing", "text")

PREPARED = (
    Case(
        "wordpiece.edge",
        ACCEPTED,
        "texts by a WordPiece tokenizer, cut at 24 tokens",
        processed.text_bundle("wordpiece"),
        prepare=processed.text_entries("wordpiece"),
        decode=processed.decodings("wordpiece"),
    ),
    Case(
        "bytes.edge",
        ACCEPTED,
        "texts by a byte-level BPE tokenizer, cut at 64 tokens, without a mask",
        processed.text_bundle("bytes"),
        prepare=processed.text_entries("bytes"),
        decode=processed.decodings("bytes"),
    ),
    Case(
        "unigram.edge",
        ACCEPTED,
        "texts by a Unigram tokenizer, never cut",
        processed.text_bundle("unigram"),
        prepare=processed.text_entries("unigram"),
        decode=processed.decodings("unigram"),
    ),
    *(
        Case(f"{name}.edge", ACCEPTED, why, processed.pair_bundle(name), prepare=processed.pair_entries(name))
        for name, why in (
            ("pairs-wordpiece", "pairs of texts with types, the longer of which is cut"),
            ("pairs-bytes", "pairs of texts with a doubled mark between them, the second of which is cut"),
            ("pairs-unigram", "pairs of texts that are never cut, with a prompt before the first"),
            ("prompts", "texts with a prompt before them"),
        )
    ),
    refused(
        "processing-pair.edge",
        "pairs of texts that are cut in no known way",
        changed(*_TEXT, "pair", to={"truncation": "both"}, whole=processed.pair_bundle("pairs-bytes")),
    ),
    refused(
        "processing-prompts.edge",
        "prompts without any",
        changed(*_TEXT, "prompts", to={}, whole=processed.pair_bundle("pairs-bytes")),
    ),
    refused(
        "processing-default-prompt.edge",
        "a default prompt that is none of the prompts",
        changed(*_TEXT, "default_prompt", to="other", whole=processed.pair_bundle("prompts")),
    ),
    Case(
        "bilinear.edge",
        ACCEPTED,
        "images in RGB, bilinear, channels first",
        processed.image_bundle("bilinear"),
        prepare=[*processed.image_entries("bilinear"), *processed.image_file_entries("bilinear")],
    ),
    Case(
        "bicubic.edge",
        ACCEPTED,
        "images in BGR, bicubic, channels last",
        processed.image_bundle("bicubic"),
        prepare=processed.image_entries("bicubic"),
    ),
    Case(
        "nearest.edge",
        ACCEPTED,
        "images in grey, nearest, ink as high numbers",
        processed.image_bundle("nearest"),
        prepare=processed.image_entries("nearest"),
    ),
    Case(
        "shorter.edge",
        ACCEPTED,
        "the middle of images that keep their aspect",
        processed.image_bundle("shorter"),
        prepare=processed.image_entries("shorter"),
    ),
    Case(
        "middle.edge",
        ACCEPTED,
        "the middle of images that are stretched",
        processed.image_bundle("middle"),
        prepare=processed.image_entries("middle"),
    ),
    Case(
        "cover.edge",
        ACCEPTED,
        "the middle of images that keep their aspect and cover a box",
        processed.image_bundle("cover"),
        prepare=processed.image_entries("cover"),
    ),
    Case(
        "letterbox.edge",
        ACCEPTED,
        "images within a box, hamming, in the middle of a border",
        processed.image_bundle("letterbox"),
        prepare=processed.image_entries("letterbox"),
    ),
    Case(
        "bordered.edge",
        ACCEPTED,
        "the middle of images that may be smaller than it, in a border",
        processed.image_bundle("bordered"),
        prepare=processed.image_entries("bordered"),
    ),
    Case(
        "cornered.edge",
        ACCEPTED,
        "images of a longest side, box, before a border",
        processed.image_bundle("cornered"),
        prepare=processed.image_entries("cornered"),
    ),
    Case(
        "own-size.edge",
        ACCEPTED,
        "images of a size of their own, lanczos, in multiples of 2",
        processed.image_bundle("own-size"),
        prepare=processed.image_entries("own-size"),
    ),
    Case(
        "mono.edge",
        ACCEPTED,
        "sounds of one channel, filled up to the 12 samples of the input",
        processed.sound_bundle("mono"),
        prepare=processed.signal_entries("audio", "mono"),
        stream=many.sounds("mono"),
    ),
    Case(
        "stereo.edge",
        ACCEPTED,
        "sounds of two channels and any length",
        processed.sound_bundle("stereo"),
        prepare=[
            *processed.signal_entries("audio", "stereo"),
            *processed.file_entries("audio", "stereo", "wavs"),
        ],
        stream=many.sounds("stereo"),
    ),
    Case(
        "log-mel.edge",
        ACCEPTED,
        "sounds as log-mel features",
        processed.sound_bundle("log-mel"),
        prepare=[
            *processed.signal_entries("audio", "log-mel"),
            *processed.file_entries("audio", "log-mel", "wavs", 1e-4),
        ],
    ),
    Case(
        "series-hold.edge",
        ACCEPTED,
        "two series, where a missing value is the one before it",
        processed.series_bundle("series-hold"),
        prepare=[
            *processed.signal_entries("series", "series-hold"),
            *processed.file_entries("series", "series-hold", "csvs"),
        ],
        forecast=many.forecasts("series-hold"),
        stream=many.series("series-hold"),
    ),
    Case(
        "series-refuse.edge",
        ACCEPTED,
        "two series without gaps",
        processed.series_bundle("series-refuse"),
        prepare=processed.signal_entries("series", "series-refuse"),
    ),
    refused(
        "processing-resize.edge",
        "the middle of images that are narrower than it",
        changed(*_IMAGE, "resize", "width", to=3, whole=processed.image_bundle("middle")),
    ),
    refused(
        "processing-resize-sides.edge",
        "images with a shorter side and a height",
        changed(*_IMAGE, "resize", "height", to=9, whole=processed.image_bundle("shorter")),
    ),
    refused(
        "processing-resize-longer.edge",
        "images of a longest side without a border",
        changed(*_IMAGE, "resize", "longer", to=1000, whole=processed.image_bundle("shorter")),
    ),
    refused(
        "processing-resize-multiple.edge",
        "multiples of 2 of sides that are not bounded",
        changed(
            *_IMAGE, "resize", to={"shorter": 8, "multiple": 2}, whole=processed.image_bundle("own-size")
        ),
    ),
    refused(
        "processing-fit.edge",
        "images that fill a box",
        changed(*_IMAGE, "resize", "fit", to="fill", whole=processed.image_bundle("letterbox")),
    ),
    refused(
        "processing-resample.edge",
        "images by a filter that Pillow does not have",
        changed(*_IMAGE, "resample", to="area", whole=processed.image_bundle("letterbox")),
    ),
    refused(
        "processing-align.edge",
        "images at the end of a border",
        changed(*_IMAGE, "align", to="end", whole=processed.image_bundle("cornered")),
    ),
    refused(
        "processing-align-alone.edge",
        "images that are not resized before their middle is kept",
        changed(*_IMAGE, "align", to="center", whole=processed.image_bundle("bilinear")),
    ),
    refused(
        "processing-align-start.edge",
        "images that begin at the start of no border",
        changed(*_IMAGE, "align", to="start", whole=processed.image_bundle("middle")),
    ),
    refused(
        "processing-border.edge",
        "a border of one number for three channels",
        changed(*_IMAGE, "border", to=[0], whole=processed.image_bundle("cornered")),
    ),
    refused(
        "processing-border-alone.edge",
        "a border around images that are stretched to the input",
        changed(*_IMAGE, "border", to=[0, 0, 0], whole=processed.image_bundle("bilinear")),
    ),
    refused(
        "processing-own-size.edge",
        "images of a size of their own for an input of one size",
        changed(*INPUTS, 0, "dims", to=["batch", 3, "height", 8], whole=processed.image_bundle("own-size")),
    ),
    refused(
        "processing-own-height.edge",
        "images of a height of their own and one width",
        changed(*_IMAGE, "width", to=8, whole=processed.image_bundle("own-size")),
    ),
    refused(
        "processing-own-aspect.edge",
        "images of a size of their own that are stretched",
        changed(*_IMAGE, "resize", to={"height": 8, "width": 8}, whole=processed.image_bundle("own-size")),
    ),
    refused(
        "processing-series.edge",
        "a mean for one of two series",
        changed("processing", "series", "mean", to=[0.1], whole=processed.series_bundle("series-hold")),
    ),
    refused(
        "processing-log-mel.edge",
        "features of more bands than the input takes",
        changed("processing", "audio", "log_mel", "bands", to=5, whole=processed.sound_bundle("log-mel")),
    ),
    refused(
        "processing-ids.edge",
        "token ids for an input of floats",
        changed("processing", "text", "ids", to="mask", whole=bundles.processed),
    ),
    refused(
        "processing-image.edge",
        "an image for an input of three dims",
        changed(
            "graphs", "model", "inputs", 0, "dims", to=[1, 8, 8], whole=processed.image_bundle("nearest")
        ),
    ),
)
