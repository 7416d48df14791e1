"""Bundles that prepare texts, images, sounds and series, and what the cases say of odd ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pairs
import tokenized
from bundles import SAMPLES, echoed, simple
from case import Entry, Files
from graphs import Recorder

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing import Audio, Image, Processing, Series, Text
from edgeattn_runtime.processing.log_mel import LogMel
from edgeattn_runtime.processing.resize import Resize

FOLDER = "prepare"  # among the bundles: raw inputs, and what becomes of them
TIME = 6  # values of each series
WAV_BUNDLES = ("stereo", "log-mel")  # that are given files as well
CSV_BUNDLE = "series-hold"
IMAGE_BUNDLE = "bilinear"
LEVELS = 3  # by which decoders of JPEG may differ here

_HALVES = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def _image(
    sides: tuple[int | None, int | None], channels: str, layout: str, resample: str, **settings: Any
) -> Image:
    count, (height, width) = len(channels), sides
    settings = {"scale": 1 / 255, "mean": (0,) * count, "std": (1,) * count, **settings}
    return Image(
        input="pixels",
        height=height,
        width=width,
        channels=channels,
        layout=layout,
        resample=resample,
        **settings,
    )


def _resize(align: str = "center-even", **sides: Any) -> dict[str, Any]:
    return {"resize": Resize(**sides), "align": align}


IMAGES = {
    "bilinear": _image((5, 7), "RGB", "NCHW", "bilinear", **_IMAGENET),
    "bicubic": _image((6, 4), "BGR", "NHWC", "bicubic", scale=1, mean=(103.939, 116.779, 123.68)),
    "nearest": _image((8, 8), "L", "NCHW", "nearest", scale=-1, mean=(-255,), std=(240,)),
    "shorter": _image((7, 5), "RGB", "NCHW", "bicubic", **_HALVES, **_resize(shorter=8)),
    "middle": _image((6, 4), "L", "NHWC", "bilinear", scale=1, **_resize("center", height=9, width=7)),
    "cover": _image((5, 8), "RGB", "NCHW", "bicubic", **_resize(height=6, width=9, fit="cover")),
    "letterbox": _image(
        (8, 11),
        "BGR",
        "NHWC",
        "hamming",
        border=(0.0021, -0.25, 1e-50),
        **_IMAGENET,
        **_resize(height=9, width=13, fit="contain"),
    ),
    "bordered": _image(
        (8, 7), "L", "NCHW", "bilinear", mean=(0.5,), std=(0.5,), border=(-1,), **_resize("center", shorter=6)
    ),
    "cornered": _image(
        (12, 10), "RGB", "NCHW", "box", border=(0,) * 3, **_IMAGENET, **_resize("start", shorter=7, longer=11)
    ),
    "own-size": _image(
        (None, None),
        "RGB",
        "NCHW",
        "lanczos",
        resize=Resize(shorter=8, longer=15, multiple=2),
        **_IMAGENET,
    ),
    "long": _image((2, 2), "L", "NCHW", "nearest", scale=1, **_resize("center", shorter=1024)),
    "wide": _image((1, 4096), "L", "NHWC", "nearest", scale=1),
}
PICTURED = tuple(name for name in IMAGES if name not in ("long", "wide"))  # which take the odd images

_MEL = LogMel(frame=8, hop=3, bands=4, stack=2, floor=1e-5)
SOUNDS: dict[str, tuple[Audio, tuple[str | int, ...]]] = {  # with the dims of the input behind its batch
    "mono": (Audio(input="wave", rate=8000, channels=1), (12,)),
    "stereo": (Audio(input="wave", rate=16000, channels=2), (2, "time")),
    "log-mel": (Audio(input="sound", rate=8000, channels=1, log_mel=_MEL), ("tokens", 8)),
}
SERIES = {
    f"series-{missing}": Series(
        input="past",
        output="same",
        names=("rain in mm", "wind"),
        mean=(0.1, 50),
        std=(3, 1 / 3),
        missing=missing,
    )
    for missing in ("hold", "refuse")
}


def text_bundle(name: str) -> Files:
    """Return a bundle that takes texts, pairs or prompts; its network adds up the products of a row."""
    text = pairs.TEXTS[name]
    files = {"tokenizer.json": tokenized.content(name)}
    return _adding(text_inputs(text), Processing(text=text), files)


def text_inputs(text: Text) -> tuple[Tensor, ...]:
    """Return a graph's inputs of texts: ids, and a mask and types where it takes them."""
    names = (text.ids, text.mask, text.types)
    return tuple(Tensor(name, "int64", ("batch", "sequence")) for name in names if name)


def image_bundle(name: str) -> Files:
    """Return a bundle that takes images so; its network adds up the numbers of each."""
    image = IMAGES[name]
    sizes = (image.height or "height", image.width or "width")
    if name == "wide":  # the graph takes any sizes
        sizes = ("height", "width")
    channels = len(image.channels)
    dims = (channels, *sizes) if image.layout == "NCHW" else (*sizes, channels)
    return _adding((Tensor("pixels", "float32", ("batch", *dims)),), Processing(image=image))


def sound_bundle(name: str) -> Files:
    """Return a bundle that takes sounds so; its network adds up the numbers of each."""
    audio, dims = SOUNDS[name]
    return _adding((Tensor(audio.input, "float32", ("batch", *dims)),), Processing(audio=audio))


def series_bundle(name: str) -> Files:
    """Return a bundle that takes series so, and forecasts what it was given."""
    dims = ("batch", len(SERIES[name].names), TIME)
    graph = Graph((Tensor("past", "float32", dims),), (Tensor("same", "float32", dims),))
    return echoed(graph, Processing(series=SERIES[name]))


def entry(kind: str, given: str, expected: str, needs: str | None = None, tolerance: float = 0) -> Entry:
    """Return what cases.json says of raw inputs of a kind, by the names of two files."""
    return {
        "of": kind,
        "given": f"{FOLDER}/{given}.json",
        "expected": f"{FOLDER}/{expected}.json",
        **({"needs": needs} if needs else {}),
        **({"tolerance": tolerance} if tolerance else {}),
    }


def files_entry(kind: str, name: str, files: str, tolerance: float = 0) -> Entry:
    """Return what cases.json says of the files, "wavs", "csvs", "pngs" or "jpegs", that ``name`` is given."""
    given = f"{name}.{files}"
    return entry(kind, given, f"{given}.numbers", files.removesuffix("s"), tolerance)


def decodings(name: str) -> list[Entry]:
    """Return what cases.json says of token ids that become text."""
    return [{"tokens": row, "text": text, "needs": "tokenizer"} for row, text in tokenized.decoded(name)]


def _adding(inputs: tuple[Tensor, ...], processing: Processing, files: Files | None = None) -> Files:
    """Return a bundle of a network that adds up each row of its inputs' product."""
    graph = Graph(inputs, (Tensor("total", "float32", ("batch", 1)),))
    net = Recorder(graph.inputs, graph.outputs)
    product, *others = net.inputs
    for other in others:
        product = net.Mul(product, other)
    net.ReduceSum(net.Flatten(net.Cast(product, to=1), axis=1), [1], keepdims=1, output=net.outputs[0])
    return simple(files or {}, net.model(), graph, _samples(inputs), processing)


def _samples(inputs: tuple[Tensor, ...]) -> Iterator[Sample]:
    draw = np.random.default_rng(4)
    for batch in range(1, SAMPLES + 1):
        sizes = {"batch": batch}
        shape = [sizes.get(dim, batch + 2) if isinstance(dim, str) else dim for dim in inputs[0].dims]
        arrays = {tensor.name: draw.integers(0, 9, shape).astype(tensor.dtype) for tensor in inputs}
        product = np.prod([*arrays.values()], axis=0).reshape(batch, -1)
        yield Sample(arrays, {"total": product.sum(1, keepdims=True).astype(np.float32)})
