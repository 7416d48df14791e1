"""Bundles of detectors whose images lie in a border or are cut, and what is seen in the images themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import tiny
from breaking import Make
from calls import tensors
from predicted import ANIMALS

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Image, Labels, Processing
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.resize import Resize

Entry = dict[str, Any]

_READER = Objects(boxes="boxes", form="center", scores="none", background=None, threshold=0.5)
_DIMS = ("batch", 1)
_BLACK = (0.0, 0.0, 0.0)
_WHOLE = {"input": "pixels", "height": 8, "width": 12, "channels": "RGB", "layout": "NCHW", "scale": 1}

# Of each an image, the size that it is made, and where in this the input's first row and column lie.
BUNDLES: dict[str, tuple[Image, list[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]]] = {
    "objects-letterbox": (
        Image(
            **_WHOLE,
            resample="bilinear",
            mean=_BLACK,
            std=(1, 1, 1),
            resize=Resize(height=8, width=12, fit="contain"),
            align="center",
            border=_BLACK,
        ),
        [((480, 640), (8, 11), (0, -1)), ((100, 20), (8, 2), (0, -5)), ((8, 12), (8, 12), (0, 0))],
    ),
    "objects-start": (
        Image(
            **_WHOLE,
            resample="bilinear",
            mean=_BLACK,
            std=(1, 1, 1),
            resize=Resize(shorter=6, longer=8),
            align="start",
            border=_BLACK,
        ),
        [((300, 300), (6, 6), (0, 0)), ((60, 240), (2, 8), (0, 0)), ((240, 60), (8, 2), (0, 0))],
    ),
    "objects-cut": (
        Image(
            **_WHOLE,
            resample="bilinear",
            mean=_BLACK,
            std=(1, 1, 1),
            resize=Resize(shorter=15),
            align="center-even",
        ),
        [((30, 30), (15, 15), (4, 2)), ((10, 30), (15, 45), (4, 16)), ((45, 15), (45, 15), (18, 2))],
    ),
}


def bundle(name: str) -> Make:
    """Return what writes a bundle that takes images so, and gives back the numbers and boxes beside them."""

    def make(folder: Path) -> None:
        image, _ = BUNDLES[name]
        outputs = [
            Tensor("logits", "float32", (*_DIMS, len(ANIMALS))),
            Tensor("boxes", "float32", (*_DIMS, 4)),
        ]
        pixels = Tensor("pixels", "float32", ("batch", 3, 8, 12))
        inputs = [Tensor(f"given_{tensor.name}", tensor.dtype, tensor.dims) for tensor in outputs]
        folder.mkdir(parents=True)
        tape = ir.tape.Tape()
        given, given_back = (
            [ir.val(tensor.name, ir.DataType.FLOAT, tensor.dims) for tensor in each]
            for each in (inputs, outputs)
        )
        for value, output in zip(given, given_back, strict=True):
            tape.op("Identity", [value], output=output)
        shown = ir.val(pixels.name, ir.DataType.FLOAT, pixels.dims)
        bundles.save(tiny.model(tape, [shown, *given], given_back), folder / bundles.MODEL_FILE)
        graph = Graph((pixels, *inputs), tuple(outputs))
        bundles.lay_golden(folder, map(_sample, range(1, bundles.SAMPLES + 1)), graph)
        bundles.describe(
            folder,
            graphs={"model": graph},
            symbols={"batch": Symbol(1, None)},
            processing=Processing(
                image=image, labels=Labels(output="logits", names=ANIMALS), prediction=_READER
            ),
        )

    return make


def entries(name: str) -> list[Entry]:
    """Return a box in each image, in shares of the input, to be read in pixels of the image; and refusals."""
    _, images = BUNDLES[name]
    boxes = np.random.default_rng(41).uniform(0, 1, (len(images), 1, 4)).astype(np.float32)
    logits = np.zeros((len(images), 1, len(ANIMALS)), np.float32)
    logits[..., 1] = 0.75
    expected = []
    for (x, y, width, height), (of, made, first) in zip(boxes[:, 0].tolist(), images, strict=True):
        sides = ((y - height / 2) * 8, (x - width / 2) * 12, (y + height / 2) * 8, (x + width / 2) * 12)
        top, left, bottom, right = (
            (first[i % 2] + side) / made[i % 2] * of[i % 2] for i, side in enumerate(sides)
        )
        expected.append([{"label": ANIMALS[1], "score": 0.75, "box": [left, top, right, bottom]}])
    outputs = tensors({"logits": logits, "boxes": boxes})
    sizes = [[width, height] for (height, width), _, _ in images]
    refused = (sizes[1:], [*sizes[1:], [0, 5]], [*sizes[1:], [2**13, 2**13]], [*sizes[1:], [1, 2**25]])
    return [
        {"outputs": outputs, "sizes": sizes, "predictions": expected},
        {"outputs": outputs, "error": "InputError"},
        *(
            {"outputs": outputs, "sizes": each, "error": "InputError"}
            for each in (refused if name == "objects-letterbox" else refused[:3])
        ),
    ]


def _sample(batch: int) -> Sample:
    draw = np.random.default_rng(batch)
    logits, boxes = (draw.normal(size=(batch, 1, last)).astype(np.float32) for last in (len(ANIMALS), 4))
    pixels = np.zeros((batch, 3, 8, 12), np.float32)
    return Sample(
        {"pixels": pixels, "given_logits": logits, "given_boxes": boxes}, {"logits": logits, "boxes": boxes}
    )
