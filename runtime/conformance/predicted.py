"""Bundles whose outputs are read as predictions, and these predictions: the specification in loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import tiny
import tokenized
from breaking import Make
from calls import tensors
from numpy.typing import NDArray
from texts import LONGEST, MASKLESS
from tokenizers import Encoding

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Labels, Processing, Text
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.prediction import Reader
from edgeattn_runtime.processing.tags import Tags
from edgeattn_runtime.processing.transcript import Transcript

Entry = dict[str, Any]

# Texts, and the words that each tokenizer lets be told apart, as runs of characters behind one another.
_TEXTS = {
    "The cat, sat  on\tthe mat. ": "The cat , sat on the mat .",
    "Emma naïve 北京 (don't!)": "Emma naïve 北 京 ( don ' t ! )",
    " \u3000Zoé 😀s   house": "Zoé 😀s house",
    "a " * 30 + "end": "a " * 30 + "end",
    "  ": "",
}
_COARSE = {  # where a tokenizer's pieces are those between spaces
    "The cat, sat  on\tthe mat. ": ["The", "cat,", "sat", "on\tthe", "mat."],
    "Emma naïve 北京 (don't!)": ["Emma", "naïve", "北京", "(don't!)"],
}

_REFUSED = {"error": "InputError"}

ANIMALS = ("cat", "dog", "rare bird", "naïve ox", "nothing")
LETTERS = ("<pad>", "<unk>", "|", "a", "b", "ß", "'")
CLASSES = {name: Classes(scores=name) for name in ("softmax", "sigmoid", "none")}
SPEECH = Transcript(blank=0, delimiter=2)
TAGGED = {
    "wordpiece": (Tags(outside=0), ("O", "B-PER", "I-PER", "I-LOC", "B")),
    "bytes": (Tags(outside=None), ("NOUN", "VERB", "B-X", "I-X", "ADJ")),
    "unigram": (Tags(outside=3), ("LOC", "PER", "I-LOC", "none", "B-LOC")),
}
UNPARTED = Transcript(blank=6, delimiter=None)
DETECTORS = {
    "objects": Objects(boxes="boxes", form="center", scores="softmax", background=4, threshold=0.5),
    "objects-corners": Objects(
        boxes="boxes", form="corners", scores="sigmoid", background=None, threshold=0.25
    ),
}


def bundle(names: Sequence[str], prediction: Reader, dims: Sequence[str | int]) -> Make:
    """Return what writes a bundle that gives back its inputs: numbers of ``names``, and boxes of objects.

    Args:
        names: Its labels.
        prediction: What it makes of them.
        dims: Of the outputs, between the batch and the names.
    """

    def make(folder: Path) -> None:
        sizes = {"logits": len(names), **({"boxes": 4} if isinstance(prediction, Objects) else {})}
        outputs = [Tensor(name, "float32", ("batch", *dims, size)) for name, size in sizes.items()]
        inputs = [Tensor(f"given_{tensor.name}", tensor.dtype, tensor.dims) for tensor in outputs]
        folder.mkdir(parents=True)
        bundles.save(_echo(inputs, outputs), folder / bundles.MODEL_FILE)
        graph = Graph(tuple(inputs), tuple(outputs))
        bundles.lay_golden(folder, _samples(outputs), graph)
        bundles.describe(
            folder,
            graphs={"model": graph},
            symbols={dim: Symbol(1, None) for dim in ("batch", *dims) if isinstance(dim, str)},
            processing=Processing(labels=Labels(output="logits", names=tuple(names)), prediction=prediction),
        )

    return make


def classes(name: str) -> list[Entry]:
    """Return numbers to be read as classes, ties among them, and outputs that are refused."""
    rows = np.array([[0.5, -1, 2, 2, 0], [0, 0, 0, 0, 0], [-90, 88, 3.25, -2, 1]], np.float32)
    spoiled = np.where(rows == 88, np.float32("nan"), rows)
    return [
        _read({"logits": rows}, [_ranked(name, row) for row in rows.tolist()]),
        _read({"logits": rows[0]}, [_ranked(name, rows[0].tolist())]),
        {"outputs": tensors({"logits": spoiled}), **_REFUSED},
        *_refusals(),
    ]


def transcripts(reader: Transcript) -> list[Entry]:
    """Return frames to be read as texts: repetitions, blanks between them, delimiters at the ends, ties."""
    rows = [
        [0, 3, 3, 0, 3, 4, 4, 2, 2, 5, 6],
        [2, 2, 0, 2, 3, 2, 0, 2, 4, 0, 2],
        [0] * 11,
        [1, 1, 6, 6, 0, 6, 5, 5, 0, 5, 3],
    ]
    frames = np.full((len(rows), len(rows[0]), len(LETTERS)), -1, np.float32)
    for i, row in enumerate(rows):
        frames[i, np.arange(len(row)), row] = 2
    tied = np.zeros((1, 3, len(LETTERS)), np.float32)
    tied[0, 0, [4, 5]] = tied[0, 2, [3, 6]] = 1  # the first of equal numbers; of all equal ones, label 0
    return [
        _read({"logits": frames}, [[{"text": _text(reader, row)}] for row in rows]),
        _read({"logits": tied}, [[{"text": _text(reader, [4, 0, 3])}]]),
        {"outputs": tensors({"logits": frames[0]}), **_REFUSED},
        *_refusals(),
    ]


def objects(name: str) -> list[Entry]:
    """Return candidates to be read as objects, in shares and in pixels, and outputs that are refused."""
    draw = np.random.default_rng(23)
    reader = DETECTORS[name]
    logits = draw.normal(scale=2.5, size=(2, 9, len(ANIMALS))).astype(np.float32)
    logits[0, 4] = logits[0, 2]  # equal scores keep the order of the candidates
    logits[1, :, : reader.background] -= 15  # nothing is seen
    boxes = draw.uniform(0, 1, (2, 9, 4)).astype(np.float32)
    outputs = {"logits": logits, "boxes": boxes}
    sizes = [(640, 480), (31, 1)]
    spoiled = boxes.copy()
    spoiled[0, 0, 0] = np.nan
    return [
        _read(outputs, [[*_seen(reader, *row, (1, 1))] for row in zip(logits, boxes, strict=True)]),
        _read(
            outputs,
            [[*_seen(reader, *row)] for row in zip(logits, boxes, sizes, strict=True)],
            sizes=[list(size) for size in sizes],
        ),
        {"outputs": tensors(outputs), "sizes": [[640, 480]], **_REFUSED},
        {"outputs": tensors({"logits": logits}), **_REFUSED},
        {"outputs": tensors({"logits": logits, "boxes": boxes[:, :8]}), **_REFUSED},
        {"outputs": tensors({"logits": logits, "boxes": spoiled}), **_REFUSED},
        *_refusals(boxes=boxes),
    ]


def tags(name: str) -> list[Entry]:
    """Return numbers of tokens to be read as tags of words, and outputs without the texts they are of."""
    reader, labels = TAGGED[name]
    texts = [*_TEXTS]
    tokenizer = tokenized.tokenizer(name)
    encoded = [tokenizer.encode(text) for text in texts]
    longest = max(len(row.ids) for row in encoded)
    draw = np.random.default_rng(31)
    logits = draw.integers(-2, 3, (len(texts), longest, len(labels))).astype(np.float32)  # some are equal
    expected = [
        [*_entities(reader, labels, row, values, text, coarse=name == "unigram")]
        for row, values, text in zip(encoded, logits.tolist(), texts, strict=True)
    ]
    outputs, needs = {"logits": logits}, {"needs": "tokenizer"}
    return [
        {**_read(outputs, expected, texts=texts), **needs},
        {"outputs": tensors(outputs), **_REFUSED, **needs},
        {"outputs": tensors(outputs), "texts": texts[1:], **_REFUSED, **needs},
        {"outputs": tensors({"logits": logits[:, : longest - 1]}), "texts": texts, **_REFUSED, **needs},
    ]


def _refusals(**others: NDArray[Any]) -> list[Entry]:
    """Return outputs that no kind reads: of another name, dtype or size, and a NaN."""
    sides = (2, 9) if others else (1, 3)
    whole = np.zeros((*sides, 6), np.float32)
    broken = ({"other": whole}, {"logits": whole.astype(np.float64)}, {"logits": whole})
    return [{"outputs": tensors({**others, **each}), **_REFUSED} for each in broken]


def _read(outputs: Mapping[str, NDArray[Any]], predictions: Any, **given: Any) -> Entry:
    return {"outputs": tensors(outputs), **given, "predictions": predictions}


def _ranked(scores: str, row: list[float]) -> list[dict[str, Any]]:
    """Return all labels of a vector, the largest number first, as sorted() keeps equal ones."""
    shares = _scores(scores, row)
    order = sorted(range(len(row)), key=lambda place: -row[place])
    return [{"label": ANIMALS[place], "score": shares[place]} for place in order]


def _entities(
    reader: Tags,
    labels: Sequence[str],
    row: Encoding,
    values: list[list[float]],
    text: str,
    *,
    coarse: bool,
) -> Iterator[dict[str, Any]]:
    """Yield words with their labels, or entities, by where the tokenizer says that its tokens lie."""
    words = []
    for begin, end in _places(text, _COARSE.get(text) if coarse else None):
        own = (i for i, part in enumerate(row.sequence_ids) if part == 0)
        first = next((i for i in own if row.offsets[i][0] < end and row.offsets[i][1] > begin - coarse), None)
        if first is not None:
            place = max(range(len(labels)), key=values[first].__getitem__)
            words.append((begin, end, place, _scores("softmax", values[first])[place]))
    for kind, group in groupby(_begun(words, reader, labels), key=lambda each: each[0]):
        spans = [word for _, word in group]
        place = spans[0][2]
        if place != reader.outside:
            label = labels[place] if reader.outside is None else kind[1]
            score = sum(score for *_, score in spans) / len(spans)
            yield {"label": label, "score": score, "text": text[spans[0][0] : spans[-1][1]]}


def _places(text: str, words: list[str] | None) -> Iterator[tuple[int, int]]:
    """Yield where each word begins and ends."""
    end = 0
    for word in _TEXTS[text].split() if words is None else words:
        begin = text.index(word, end)
        end = begin + len(word)
        yield begin, end


def _begun(
    words: list[tuple[int, int, int, float]], reader: Tags, labels: Sequence[str]
) -> Iterator[tuple[tuple[int, str], tuple[int, int, int, float]]]:
    """Yield each word behind the number and the name of its entity."""
    number, before = 0, None
    for word in words:
        name = labels[word[2]]
        entity = name[2:] if name.startswith(("B-", "I-")) else name
        if reader.outside is None or name.startswith("B-") or entity != before:
            number += 1
        before = entity
        yield (number, entity), word


def _scores(scores: str, row: list[float]) -> list[float]:
    if scores == "none":
        return row
    if scores == "sigmoid":
        return [1 / (1 + math.exp(-number)) for number in row]
    whole = sum(math.exp(number - max(row)) for number in row)
    return [math.exp(number - max(row)) / whole for number in row]


def _text(reader: Transcript, frames: list[int]) -> str:
    text, before = "", None
    for place in frames:
        if place != before and place != reader.blank:
            text += " " if place == reader.delimiter else LETTERS[place]
        before = place
    return text.strip()


def _seen(
    reader: Objects, logits: NDArray[np.float32], boxes: NDArray[np.float32], size: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """Yield what a detector sees in one image, the likeliest first."""
    found = []
    for row, box in zip(logits.tolist(), boxes.tolist(), strict=True):
        shares = _scores(reader.scores, row)
        eligible = [place for place in range(len(row)) if place != reader.background]
        if reader.scores == "softmax":
            eligible = [max(eligible, key=row.__getitem__)]
        found += [(shares[place], ANIMALS[place], box) for place in eligible]
    for score, label, (a, b, c, d) in sorted(found, key=lambda each: -each[0]):
        sides = (a, b, c, d)
        if reader.form == "center":
            sides = (a - c / 2, b - d / 2, a + c / 2, b + d / 2)
        if score > reader.threshold:
            width, height = size
            scaled = [side * (height if i % 2 else width) for i, side in enumerate(sides)]
            yield {"label": label, "score": score, "box": scaled}


def tagger(name: str) -> Make:
    """Return what writes a bundle that takes texts by a tokenizer, and tags each token by its id."""

    def make(folder: Path) -> None:
        reader, labels = TAGGED[name]
        ids = Tensor("ids", "int64", ("batch", "sequence"))
        masked = name not in MASKLESS
        inputs = (ids, Tensor("shown", "int64", ids.dims)) if masked else (ids,)
        output = Tensor("logits", "float32", ("batch", "sequence", len(labels)))
        weights = np.linspace(-1, 1, len(labels), dtype=np.float32)
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_bytes(tokenized.content(name))
        bundles.save(_tagging(inputs, output, weights), folder / bundles.MODEL_FILE)
        graph = Graph(inputs, (output,))
        bundles.lay_golden(folder, _token_samples(inputs, weights), graph)
        text = Text(
            tokenizer="tokenizer.json",
            ids="ids",
            mask="shown" if masked else None,
            types=None,
            longest=LONGEST[name],
        )
        bundles.describe(
            folder,
            graphs={"model": graph},
            symbols={dim: Symbol(1, None) for dim in ("batch", "sequence")},
            processing=Processing(text=text, labels=Labels(output="logits", names=labels), prediction=reader),
        )

    return make


def _tagging(inputs: Sequence[Tensor], output: Tensor, weights: NDArray[np.float32]) -> ir.Model:
    tape = ir.tape.Tape()
    values = [ir.val(tensor.name, ir.DataType.INT64, tensor.dims) for tensor in inputs]
    product = tape.op("Mul", values) if len(values) == 2 else tape.op("Identity", values)
    floats = tape.op("Cast", [product], {"to": ir.DataType.FLOAT})
    columns = tape.op("Unsqueeze", [floats, tiny.constant(tape, "axes", np.array([2]))])
    logits = ir.val(output.name, ir.DataType.FLOAT, output.dims)
    tape.op("Mul", [columns, tiny.constant(tape, "weights", weights)], output=logits)
    return tiny.model(tape, values, [logits])


def _token_samples(inputs: Sequence[Tensor], weights: NDArray[np.float32]) -> Iterator[Sample]:
    draw = np.random.default_rng(9)
    for batch in range(1, bundles.SAMPLES + 1):
        arrays = {tensor.name: draw.integers(0, 9, (batch, batch + 2)) for tensor in inputs}
        product = np.prod([*arrays.values()], axis=0)[..., np.newaxis]
        yield Sample(arrays, {"logits": product.astype(np.float32) * weights})


def _echo(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> ir.Model:
    tape = ir.tape.Tape()
    given, given_back = (
        [ir.val(tensor.name, ir.DataType.FLOAT, tensor.dims) for tensor in tensors_]
        for tensors_ in (inputs, outputs)
    )
    for value, output in zip(given, given_back, strict=True):
        tape.op("Identity", [value], output=output)
    return tiny.model(tape, given, given_back)


def _samples(outputs: Sequence[Tensor]) -> Iterator[Sample]:
    draw = np.random.default_rng(8)
    for batch in range(1, bundles.SAMPLES + 1):
        shapes = {
            tensor.name: [dim if isinstance(dim, int) else batch + i % 2 for i, dim in enumerate(tensor.dims)]
            for tensor in outputs
        }
        arrays = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
        yield Sample({f"given_{name}": array for name, array in arrays.items()}, arrays)
