"""Bundles with processing: what they prepare, and what they refuse."""

from __future__ import annotations

import bundles
import processed
from breaking import changed
from case import ACCEPTED, Case, refused

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
    refused(
        "processing-series.edge",
        "a mean for one of two series",
        changed("processing", "series", "mean", to=[0.1], whole=processed.of_series("series-hold")),
    ),
    refused(
        "processing-log-mel.edge",
        "features of more bands than the input takes",
        changed("processing", "audio", "log_mel", "bands", to=5, whole=processed.of_sounds("log-mel")),
    ),
    refused(
        "processing-ids.edge",
        "token ids for an input of floats",
        changed("processing", "text", "ids", to="mask", whole=bundles.processed),
    ),
    refused(
        "processing-image.edge",
        "an image for an input of three dims",
        changed("graphs", "model", "inputs", 0, "dims", to=[1, 8, 8], whole=processed.of_images("nearest")),
    ),
)
