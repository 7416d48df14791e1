"""Bundles whose outputs are read as answers to questions, and these answers: the specification in loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import pairs
import tiny
import tokenized
from breaking import Make
from calls import tensors
from tokenizers import Encoding

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Processing
from edgeattn_runtime.processing.answer_span import AnswerSpan

Entry = dict[str, Any]

# By the bundle of pairs whose texts it takes: how many tokens an answer has at most.
LONGEST = {"pairs-wordpiece": 15, "pairs-bytes": 3, "pairs-unigram": 6}

_PAIRS = (
    ("Who wrote it?", "Émilie 😀 wrote “Emma naïve” in 北京, in 1815."),
    ("Wer?", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich."),
    ("Когда она пришла?", "  Она  пришла\tв 18:30 👩‍👩‍👧‍👦 домой. "),
    ("どこ?", "東京都の天気は晴れ、気温は25℃です。"),
    ("Where?", "  "),
)
_BLANKS = " \t"
_REFUSED = {"error": "InputError"}
_SIZES = ("batch", "sequence")


def reader(name: str) -> AnswerSpan:
    """Return how the answers of a bundle of pairs are read."""
    return AnswerSpan(start="begins", end="ends", longest=LONGEST[name])


def bundle(name: str) -> Make:
    """Return what writes a bundle that takes pairs of texts, and gives numbers for each token by its id."""

    def make(folder: Path) -> None:
        text = pairs.BUNDLES[name]
        inputs = tuple(Tensor(str(each), "int64", _SIZES) for each in (text.ids, text.mask, text.types))
        outputs = tuple(Tensor(each, "float32", _SIZES) for each in ("begins", "ends"))
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_bytes(tokenized.content(name))
        bundles.save(_products(inputs, outputs), folder / bundles.MODEL_FILE)
        graph = Graph(inputs, outputs)
        bundles.lay_golden(folder, _samples(inputs), graph)
        bundles.describe(
            folder,
            graphs={"model": graph},
            symbols={dim: Symbol(1, None) for dim in _SIZES},
            processing=Processing(text=text, prediction=reader(name)),
        )

    return make


def entries(name: str) -> list[Entry]:
    """Return numbers of tokens to be read as answers, and outputs without the pairs that they are of."""
    encoded = [*_encoded(name)]
    longest = max(len(row.ids) for row in encoded)
    draw = np.random.default_rng(37)
    begins, ends = draw.integers(-3, 4, (2, len(encoded), longest)).astype(np.float32)  # some are equal
    for i, row in enumerate(encoded):
        for j, text in enumerate([*row.sequence_ids, *[None] * (longest - len(row.ids))]):
            if text != 1 and j > 0:
                begins[i, j] = ends[i, j] = 9  # of the question, a special token or padding
    begins[0, 0] = 4  # the token that stands for no answer
    outputs = {"begins": begins, "ends": ends}
    texts, contexts = ([*each] for each in zip(*_PAIRS, strict=True))
    predictions = [
        [*_answers(name, row, *numbers, pair[1])]
        for row, *numbers, pair in zip(encoded, begins.tolist(), ends.tolist(), _PAIRS, strict=True)
    ]
    needs = {"needs": "tokenizer"}
    given = {"outputs": tensors(outputs), "texts": texts, "pairs": contexts, **needs}
    short = {key: value[:, :-1] for key, value in outputs.items()}
    return [
        {**given, "predictions": predictions},
        {"outputs": given["outputs"], **_REFUSED, **needs},
        {"outputs": given["outputs"], "texts": texts, **_REFUSED, **needs},
        {**given, "texts": texts[1:], "pairs": contexts[1:], **_REFUSED},
        {**given, "outputs": tensors(short), **_REFUSED},
        *({**given, "outputs": tensors({**outputs, "ends": each}), **_REFUSED} for each in _broken(ends)),
    ]


def _broken(ends: Any) -> Iterator[Any]:
    """Yield outputs that no answer ends by: of other dims or another dtype, and with a NaN."""
    yield ends[0]
    yield ends[:, :-1]
    yield ends.astype(np.float64)
    yield np.where(np.arange(ends.shape[1]) == ends.shape[1] // 2, np.float32("nan"), ends)


def _encoded(name: str) -> Iterator[Encoding]:
    text, tokenizer = pairs.BUNDLES[name], tokenized.tokenizer(name)
    for first, second in _PAIRS:
        yield tokenizer.encode(text.prompt(None) + first, second)


def _answers(
    name: str, row: Encoding, begins: Sequence[float], ends: Sequence[float], context: str
) -> Iterator[dict[str, Any]]:
    """Yield the answer of a row, where there is one, by where the tokenizer says that its tokens lie."""
    own = [i for i, text in enumerate(row.sequence_ids) if text == 1]
    counted = own if row.sequence_ids[0] is not None else [0, *own]
    parts = [(i, j) for i in own for j in own if i <= j < i + LONGEST[name]]
    if not parts:
        return
    first, last = max(parts, key=lambda part: begins[part[0]] + ends[part[1]])
    shares = [
        math.exp(numbers[i]) / sum(math.exp(numbers[j]) for j in counted)
        for numbers, i in ((begins, first), (ends, last))
    ]
    ranges = [row.offsets[i] for i in range(first, last + 1) if row.tokens[i] not in ("\u2581", "\u0120")]
    begin, end = (ranges[0][0], ranges[-1][1]) if ranges else (0, 0)
    while begin < end and context[begin] in _BLANKS:
        begin += 1
    while begin < end and context[end - 1] in _BLANKS:
        end -= 1
    if begin < end:
        yield {"text": context[begin:end], "score": shares[0] * shares[1], "span": [begin, end]}


def _products(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> ir.Model:
    """Return a network of the ids that are shown, as they are, and less by the type of their text."""
    tape = ir.tape.Tape()
    ids, shown, types = values = [ir.val(tensor.name, ir.DataType.INT64, _SIZES) for tensor in inputs]
    begins, ends = (ir.val(tensor.name, ir.DataType.FLOAT, _SIZES) for tensor in outputs)
    product = tape.op("Mul", [ids, shown])
    tape.op("Cast", [product], {"to": ir.DataType.FLOAT}, output=begins)
    tape.op("Cast", [tape.op("Sub", [product, types])], {"to": ir.DataType.FLOAT}, output=ends)
    return tiny.model(tape, values, [begins, ends])


def _samples(inputs: Sequence[Tensor]) -> Iterator[Sample]:
    draw = np.random.default_rng(9)
    for batch in range(1, bundles.SAMPLES + 1):
        arrays = {tensor.name: draw.integers(0, 9, (batch, batch + 2)) for tensor in inputs}
        ids, shown, types = arrays.values()
        product = ids * shown
        answer = {"begins": product.astype(np.float32), "ends": (product - types).astype(np.float32)}
        yield Sample(arrays, answer)
