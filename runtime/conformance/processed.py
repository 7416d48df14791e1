"""Bundles that prepare texts, images, sounds and series, and what becomes of odd ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import pairs
import tiny
import tokenized
from breaking import Make
from texts import LONGEST, MASKLESS

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Audio, Image, Processing, Series, Text
from edgeattn_runtime.processing.log_mel import LogMel
from edgeattn_runtime.processing.resize import Resize

FOLDER = "prepare"  # among the bundles: raw inputs, and what becomes of them

IMAGES = {
    "bilinear": Image(
        input="pixels",
        height=5,
        width=7,
        channels="RGB",
        layout="NCHW",
        resample="bilinear",
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ),
    "bicubic": Image(
        input="pixels",
        height=6,
        width=4,
        channels="BGR",
        layout="NHWC",
        resample="bicubic",
        scale=1,
        mean=(103.939, 116.779, 123.68),
        std=(1, 1, 1),
    ),
    "nearest": Image(
        input="pixels",
        height=8,
        width=8,
        channels="L",
        layout="NCHW",
        resample="nearest",
        scale=-1,
        mean=(-255,),
        std=(240,),
    ),
    "shorter": Image(
        input="pixels",
        height=7,
        width=5,
        channels="RGB",
        layout="NCHW",
        resample="bicubic",
        scale=1 / 255,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        resize=Resize(shorter=8),
        align="center-even",
    ),
    "middle": Image(
        input="pixels",
        height=6,
        width=4,
        channels="L",
        layout="NHWC",
        resample="bilinear",
        scale=1,
        mean=(0,),
        std=(1,),
        resize=Resize(height=9, width=7),
        align="center",
    ),
    "cover": Image(
        input="pixels",
        height=5,
        width=8,
        channels="RGB",
        layout="NCHW",
        resample="bicubic",
        scale=1 / 255,
        mean=(0, 0, 0),
        std=(1, 1, 1),
        resize=Resize(height=6, width=9, fit="cover"),
        align="center-even",
    ),
    "letterbox": Image(
        input="pixels",
        height=8,
        width=11,
        channels="BGR",
        layout="NHWC",
        resample="hamming",
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        resize=Resize(height=9, width=13, fit="contain"),
        align="center-even",
        border=(0.0021, -0.25, 1e-50),
    ),
    "bordered": Image(
        input="pixels",
        height=8,
        width=7,
        channels="L",
        layout="NCHW",
        resample="bilinear",
        scale=1 / 255,
        mean=(0.5,),
        std=(0.5,),
        resize=Resize(shorter=6),
        align="center",
        border=(-1,),
    ),
    "cornered": Image(
        input="pixels",
        height=12,
        width=10,
        channels="RGB",
        layout="NCHW",
        resample="box",
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        resize=Resize(shorter=7, longer=11),
        align="start",
        border=(0, 0, 0),
    ),
    "own-size": Image(
        input="pixels",
        height=None,
        width=None,
        channels="RGB",
        layout="NCHW",
        resample="lanczos",
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        resize=Resize(shorter=8, longer=15, multiple=2),
    ),
    "long": Image(
        input="pixels",
        height=2,
        width=2,
        channels="L",
        layout="NCHW",
        resample="nearest",
        scale=1,
        mean=(0,),
        std=(1,),
        resize=Resize(shorter=1024),
        align="center",
    ),
    "wide": Image(
        input="pixels",
        height=1,
        width=4096,
        channels="L",
        layout="NHWC",
        resample="nearest",
        scale=1,
        mean=(0,),
        std=(1,),
    ),
}

PICTURED = tuple(name for name in IMAGES if name not in ("long", "wide"))  # which take the odd images

SOUNDS: dict[str, tuple[Audio, tuple[str | int, ...]]] = {  # with the dims of the input behind its batch
    "mono": (Audio(input="wave", rate=8000, channels=1), (12,)),
    "stereo": (Audio(input="wave", rate=16000, channels=2), (2, "time")),
    "log-mel": (
        Audio(
            input="sound",
            rate=8000,
            channels=1,
            log_mel=LogMel(frame=8, hop=3, bands=4, stack=2, floor=1e-5),
        ),
        ("tokens", 8),
    ),
}
SERIES = {
    name: Series(
        input="past",
        output="same",
        names=("rain in mm", "wind"),
        mean=(0.1, 50),
        std=(3, 1 / 3),
        missing=name.removeprefix("series-"),
    )
    for name in ("series-hold", "series-refuse")
}
TIME = 6  # values of each series

WAV_BUNDLES = ("stereo", "log-mel")  # that are given files as well
CSV_BUNDLE = "series-hold"
IMAGE_BUNDLE = "bilinear"
LEVELS = 3  # by which decoders of JPEG may differ here


def text_bundle(name: str) -> Make:
    """Return what writes a bundle with that tokenizer; its network adds up the ids of a row."""

    def make(folder: Path) -> None:
        masked = name not in MASKLESS
        ids = Tensor("ids", "int64", ("batch", "sequence"))
        inputs = (ids, Tensor("shown", "int64", ids.dims)) if masked else (ids,)
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_bytes(tokenized.content(name))
        text = Text(
            tokenizer="tokenizer.json",
            ids="ids",
            mask="shown" if masked else None,
            types=None,
            longest=LONGEST[name],
        )
        _write(folder, inputs, Processing(text=text))

    return make


def pair_bundle(name: str) -> Make:
    """Return what writes a bundle that takes pairs of texts, or prompts; its network adds up products."""

    def make(folder: Path) -> None:
        text = pairs.BUNDLES[name]
        inputs = tuple(
            Tensor(str(input_name), "int64", ("batch", "sequence"))
            for input_name in (text.ids, text.mask, text.types)
        )
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_bytes(tokenized.content(name))
        _write(folder, inputs, Processing(text=text))

    return make


def image_bundle(name: str) -> Make:
    """Return what writes a bundle that takes images so; its network adds up the numbers of each."""

    def make(folder: Path) -> None:
        image = IMAGES[name]
        sizes = (image.height or "height", image.width or "width")
        if name == "wide":  # the graph takes any sizes
            sizes = ("height", "width")
        channels = len(image.channels)
        dims = (channels, *sizes) if image.layout == "NCHW" else (*sizes, channels)
        folder.mkdir(parents=True)
        _write(folder, (Tensor("pixels", "float32", ("batch", *dims)),), Processing(image=image))

    return make


def sound_bundle(name: str) -> Make:
    """Return what writes a bundle that takes sounds so; its network adds up the numbers of each."""

    def make(folder: Path) -> None:
        audio, dims = SOUNDS[name]
        folder.mkdir(parents=True)
        _write(folder, (Tensor(audio.input, "float32", ("batch", *dims)),), Processing(audio=audio))

    return make


def series_bundle(name: str) -> Make:
    """Return what writes a bundle that takes series so, and forecasts what it was given."""

    def make(folder: Path) -> None:
        series = SERIES[name]
        dims = ("batch", len(series.names), TIME)
        past, same = Tensor("past", "float32", dims), Tensor("same", "float32", dims)
        folder.mkdir(parents=True)
        tape = ir.tape.Tape()
        past_value, same_value = (ir.val(tensor.name, ir.DataType.FLOAT, dims) for tensor in (past, same))
        tape.op("Identity", [past_value], output=same_value)
        bundles.save(tiny.model(tape, [past_value], [same_value]), folder / bundles.MODEL_FILE)
        values = np.arange(2 * TIME, dtype=np.float32).reshape(1, 2, TIME)
        golden = [Sample({"past": values * i}, {"same": values * i}) for i in range(1, bundles.SAMPLES + 1)]
        graph = Graph((past,), (same,))
        bundles.lay_golden(folder, golden, graph)
        bundles.describe(
            folder,
            graphs={"model": graph},
            symbols={"batch": Symbol(1, None)},
            processing=Processing(series=series),
        )

    return make


def text_entries(name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of the odd texts."""
    files = {"given": f"{FOLDER}/texts.json", "expected": f"{FOLDER}/{name}.ids.json"}
    return [{"of": "text", **files, "needs": "tokenizer"}]


def pair_entries(name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of pairs of odd texts."""
    files = {"given": f"{FOLDER}/{name}.given.json", "expected": f"{FOLDER}/{name}.tokens.json"}
    return [{"of": "pair", **files, "needs": "tokenizer"}]


def long_entries(name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of texts that may be too long."""
    files = {"given": f"{FOLDER}/{name}.texts.json", "expected": f"{FOLDER}/{name}.ids.json"}
    return [{"of": "text", **files, "needs": "tokenizer"}]


def decodings(name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of token ids that become text."""
    return [{"tokens": row, "text": text, "needs": "tokenizer"} for row, text in tokenized.decoded(name)]


def image_entries(name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of the odd images."""
    return [{"of": "image", "given": f"{FOLDER}/images.json", "expected": f"{FOLDER}/{name}.numbers.json"}]


def tall_entries() -> list[dict[str, Any]]:
    """Return what cases.json says of images of a column, as many rows as they may have and one more."""
    return [{"of": "image", "given": f"{FOLDER}/tall.json", "expected": f"{FOLDER}/tall.numbers.json"}]


def long_image_entries() -> list[dict[str, Any]]:
    """Return what cases.json says of images of a row, one of which would become too large."""
    return [{"of": "image", "given": f"{FOLDER}/long-images.json", "expected": f"{FOLDER}/long.numbers.json"}]


def image_file_entries(name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of files of images."""
    image = IMAGES[name]
    near = LEVELS * image.scale / min(image.std)
    return [*file_entries("image", name, "pngs"), *file_entries("image", name, "jpegs", near)]


def signal_entries(kind: str, name: str) -> list[dict[str, Any]]:
    """Return what cases.json says of the odd sounds ("audio") or series that ``name`` is given."""
    exact = {"tolerance": 1e-4} if name == "log-mel" else {}
    needs = "log-mel" if name == "log-mel" else kind
    files = {"given": f"{FOLDER}/{name}.given.json", "expected": f"{FOLDER}/{name}.numbers.json"}
    return [{"of": kind, **files, **exact, "needs": needs}]


def file_entries(kind: str, name: str, files: str, tolerance: float = 0) -> list[dict[str, Any]]:
    """Return what cases.json says of the files, "wavs", "csvs", "pngs" or "jpegs", that ``name`` is given."""
    paths = {
        "given": f"{FOLDER}/{name}.{files}.json",
        "expected": f"{FOLDER}/{name}.{files}.numbers.json",
    }
    near = {"tolerance": tolerance} if tolerance else {}
    return [{"of": kind, **paths, **near, "needs": files.removesuffix("s")}]


def _write(folder: Path, inputs: tuple[Tensor, ...], processing: Processing) -> None:
    """Write a network that adds up each row of its inputs' product, golden vectors and the manifest."""
    total = Tensor("total", "float32", ("batch", 1))
    bundles.save(_adder(inputs, total), folder / bundles.MODEL_FILE)
    graph = Graph(inputs, (total,))
    bundles.lay_golden(folder, _samples(inputs), graph)
    bundles.describe(
        folder,
        graphs={"model": graph},
        symbols={dim: Symbol(1, None) for dim in inputs[0].dims if isinstance(dim, str)},
        processing=processing,
    )


def _adder(inputs: tuple[Tensor, ...], total: Tensor) -> ir.Model:
    tape = ir.tape.Tape()
    dtypes = {"int64": ir.DataType.INT64, "float32": ir.DataType.FLOAT}
    values = [ir.val(tensor.name, dtypes[tensor.dtype], tensor.dims) for tensor in inputs]
    product = tape.op("Mul", values[:2]) if len(values) > 1 else tape.op("Identity", values)
    product = tape.op("Mul", [product, values[2]]) if len(values) > 2 else product
    floats = tape.op("Cast", [product], {"to": ir.DataType.FLOAT})
    flat = tape.op("Flatten", [floats], {"axis": 1})
    output = ir.val(total.name, ir.DataType.FLOAT, total.dims)
    axes = tiny.constant(tape, "axes", np.array([1]))
    tape.op("ReduceSum", [flat, axes], {"keepdims": 1}, output=output)
    return tiny.model(tape, values, [output])


def _samples(inputs: tuple[Tensor, ...]) -> Iterator[Sample]:
    draw = np.random.default_rng(4)
    for batch in range(1, bundles.SAMPLES + 1):
        sizes = {"batch": batch}
        shape = [sizes.get(dim, batch + 2) if isinstance(dim, str) else dim for dim in inputs[0].dims]
        arrays = {tensor.name: draw.integers(0, 9, shape).astype(tensor.dtype) for tensor in inputs}
        product = np.prod([*arrays.values()], axis=0).reshape(batch, -1)
        yield Sample(arrays, {"total": product.sum(1, keepdims=True).astype(np.float32)})
