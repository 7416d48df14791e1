"""Cases of bundles with processing: what they prepare, and what they refuse; some are at a limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import calls
import many
import network_bundles
import processed
from case import Case, Entry, accepted
from processed import IMAGE_BUNDLE, IMAGES, LEVELS, decodings, entry, files_entry

_TEXTS = {
    "wordpiece": "texts by a WordPiece tokenizer, cut at 24 tokens",
    "bytes": "texts by a byte-level BPE tokenizer, cut at 64 tokens, without a mask",
    "unigram": "texts by a Unigram tokenizer, never cut",
}
_PAIRS = {
    "pairs-wordpiece": "pairs of texts with types, the longer of which is cut",
    "pairs-bytes": "pairs of texts with a doubled mark between them, the second of which is cut",
    "pairs-unigram": "pairs of texts that are never cut, with a prompt before the first",
    "prompts": "texts with a prompt before them",
}
_IMAGES = {
    "bilinear": "images in RGB, bilinear, channels first",
    "bicubic": "images in BGR, bicubic, channels last",
    "nearest": "images in grey, nearest, ink as high numbers",
    "shorter": "the middle of images that keep their aspect",
    "middle": "the middle of images that are stretched",
    "cover": "the middle of images that keep their aspect and cover a box",
    "letterbox": "images within a box, hamming, in the middle of a border",
    "bordered": "the middle of images that may be smaller than it, in a border",
    "cornered": "images of a longest side, box, before a border",
    "own-size": "images of a size of their own, lanczos, in multiples of 2",
    "long": "images that may be longer than they may be made",
    "wide": "images that may have more rows than they may be made wide",
}
_GIVEN = {"long": ("long-images", "long"), "wide": ("tall", "tall")}  # other files than the odd images


def _replace(old: str, new: str) -> Entry:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def _prepend(letters: int) -> Entry:
    return {"type": "Prepend", "prepend": letters * "b"}


_STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
_UNIGRAM = {"type": "Unigram", "unk_id": 0, "vocab": [["[UNK]", 0], ["a", -1], [257 * "a", -2]]}


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for name, why in _TEXTS.items():
        prepare = [entry("text", "texts", f"{name}.ids", "tokenizer")]
        files = processed.text_bundle(name)
        yield accepted(name, why, files, prepare=prepare, decode=decodings(name))
    for name, why in _PAIRS.items():
        prepare = [entry("pair", f"{name}.given", f"{name}.tokens", "tokenizer")]
        yield accepted(name, why, processed.text_bundle(name), prepare=prepare)
    for name, why in _IMAGES.items():
        given, expected = _GIVEN.get(name, ("images", name))
        prepare = [entry("image", given, f"{expected}.numbers")]
        if name == IMAGE_BUNDLE:
            near = LEVELS * IMAGES[name].scale / min(IMAGES[name].std)
            prepare += [files_entry("image", name, "pngs"), files_entry("image", name, "jpegs", near)]
        yield accepted(name, why, processed.image_bundle(name), prepare=prepare)
    yield from _signals()
    yield from _tokenizers()


def _signals() -> Iterator[Case]:
    sounds = {name: processed.sound_bundle(name) for name in processed.SOUNDS}
    series = {name: processed.series_bundle(name) for name in processed.SERIES}
    prepare = {
        **{
            name: [entry("audio", f"{name}.given", f"{name}.numbers", "audio")] for name in ("mono", "stereo")
        },
        **{name: [entry("series", f"{name}.given", f"{name}.numbers", "series")] for name in series},
        "log-mel": [entry("audio", "log-mel.given", "log-mel.numbers", "log-mel", 1e-4)],
    }
    prepare["stereo"].append(files_entry("audio", "stereo", "wavs"))
    prepare["log-mel"].append(files_entry("audio", "log-mel", "wavs", 1e-4))
    prepare["series-hold"].append(files_entry("series", "series-hold", "csvs"))
    for name, why, asks in (
        (
            "mono",
            "sounds of one channel, filled up to the 12 samples of the input",
            {"stream": many.sounds("mono")},
        ),
        ("stereo", "sounds of two channels and any length", {"stream": many.sounds("stereo")}),
        ("log-mel", "sounds as log-mel features", {}),
        (
            "series-hold",
            "two series, where a missing value is the one before it",
            {"forecast": many.forecasts("series-hold"), "stream": many.series("series-hold")},
        ),
        ("series-refuse", "two series without gaps", {}),
    ):
        yield accepted(name, why, (sounds | series)[name], prepare=prepare[name], **asks)


def _tokenizers() -> Iterator[Case]:
    """Yield bundles of small tokenizers, some of which no text becomes."""
    none = [{"tokens": [1], "error": "BundleError", "needs": "tokenizer"}]
    yield accepted(
        "processed",
        "a tokenizer, and labels",
        network_bundles.with_tokenizer(),
        calls=calls.of_text(),
        prepare=[entry("text", "long.texts", "long.ids", "tokenizer")],
        labels=calls.labelled(),
    )
    normalizers: tuple[tuple[str, str, Sequence[Entry]], ...] = (
        (
            "growing",
            "a tokenizer whose last step makes 3,072 bytes of one",
            [_replace("a", 32 * "a"), _prepend(31), {"type": "NFD"}],
        ),
        (
            "stepping",
            "a tokenizer of 62 steps that each make 64 bytes of one",
            [_prepend(63), *[_STRIP] * 60],
        ),
        (
            "limit-growth",
            "a tokenizer whose steps make 8,224 bytes of one, all together, which no text becomes",
            [_replace("a", 32 * "a"), _prepend(127)],
        ),
        ("limit-steps", "a tokenizer of 66 steps, which no text becomes", [_STRIP] * 65),
    )
    for name, why, steps in normalizers:
        files = network_bundles.with_tokenizer(normalizer={"type": "Sequence", "normalizers": list(steps)})
        prepare = [entry("text", f"{name}.texts", f"{name}.ids", "tokenizer")]
        asks = {"decode": none} if name.startswith("limit-") else {"prepare": prepare}
        yield accepted(name, why, files, **asks)
    piece, decoder = network_bundles.with_tokenizer(model=_UNIGRAM), _replace("a", "a" * 17)
    yield accepted("limit-piece", "a Unigram model with a token of 257 bytes", piece, decode=none)
    decoded = network_bundles.with_tokenizer(decoder=decoder)
    yield accepted("limit-decoded", "a decoder that makes 17 bytes of one", decoded, decode=none)
