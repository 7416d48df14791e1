"""Bundles whose tokens are read as tags or answers, and these, by the specification in loops."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import pairs
import tokenized
from bundles import exact
from case import REFUSED, Case, Entry, Files, accepted, tensors
from edits import edited
from graphs import Array, Recorder
from predicted import scored
from tokenizers import Encoding

from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing import Labels, Processing
from edgeattn_runtime.processing.answer_span import AnswerSpan
from edgeattn_runtime.processing.tags import Tags

# Texts, and the words that each tokenizer separates, as runs of characters behind one another.
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
_TAGGED = {
    "wordpiece": (Tags(outside=0), ("O", "B-PER", "I-PER", "I-LOC", "B")),
    "bytes": (Tags(outside=None), ("NOUN", "VERB", "B-X", "I-X", "ADJ")),
    "unigram": (Tags(outside=3), ("LOC", "PER", "I-LOC", "none", "B-LOC")),
}
_PROMPTED = ("Emma sat on the mat", "  a  naïve house ", "a " * 80 + "end", "")
_LONGEST = {"wordpiece": 15, "bytes": 3, "unigram": 6}  # tokens of an answer
_PAIRS = (
    ("Who wrote it?", "Émilie 😀 wrote “Emma naïve” in 北京, in 1815."),
    ("Wer?", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich."),
    ("Когда она пришла?", "  Она  пришла\tв 18:30 👩‍👩‍👧‍👦 домой. "),
    ("どこ?", "東京都の天気は晴れ、気温は25℃です。"),
    ("Where?", "  "),
)
_BLANKS = " \t"
_NEEDS = {"needs": "tokenizer"}

Place = tuple[int, int]  # where it begins and ends
Word = tuple[int, int, int, float]  # begin, end, label and its score


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for name, (reader, _) in _TAGGED.items():
        of = "words" if reader.outside is None else "entities"
        why = f"tokens to be read as tags of {of}, by a {name} tokenizer"
        yield accepted(f"tags-{name}", why, _tagger(name), predictions=_tags(name))
    for name, longest in _LONGEST.items():
        why = f"tokens to be read as answers of at most {longest} tokens, by {name}"
        files = _reader(f"pairs-{name}", AnswerSpan(start="begins", end="ends", longest=longest))
        yield accepted(f"span-{name}", why, files, predictions=_spans(f"pairs-{name}", longest))
    text = replace(pairs.TEXTS["bytes"], prompts=pairs.PROMPTS, default_prompt="query")
    files = edited(_tagger("bytes"), set={"processing text": text.to_table()})
    why = "tokens to be read as tags of words behind a prompt, by a bytes tokenizer"
    yield accepted("tags-prompt", why, files, predictions=_prompted_tags())


def _tagger(name: str) -> Files:
    """Return a bundle that tags each token by its id."""
    (reader, names), text = _TAGGED[name], pairs.TEXTS[name]
    logits = Tensor("logits", "float32", ("batch", "sequence", len(names)))
    net = Recorder(Graph(pairs.inputs(text), (logits,)))
    product = net.Mul(*net.inputs) if len(net.inputs) == 2 else net.inputs[0]
    weights = np.linspace(-1, 1, len(names), dtype=np.float32)
    net.Mul(net.Unsqueeze(net.Cast(product, to=1), [2]), weights, output=net.outputs[0])
    labels = Labels(output="logits", names=names)
    return _exact(name, net, Processing(text=text, labels=labels, prediction=reader))


def _reader(name: str, reader: AnswerSpan) -> Files:
    """Return a bundle that takes pairs of texts, and gives numbers for each token by its id."""
    text = pairs.TEXTS[name]
    outputs = tuple(Tensor(each, "float32", ("batch", "sequence")) for each in ("begins", "ends"))
    net = Recorder(Graph(pairs.inputs(text), outputs))
    ids, shown, types = net.inputs
    product = net.Mul(ids, shown)
    net.Cast(product, to=1, output=net.outputs[0])
    net.Cast(net.Sub(product, types), to=1, output=net.outputs[1])
    return _exact(name, net, Processing(text=text, prediction=reader))


def _exact(name: str, net: Recorder, processing: Processing) -> Files:
    draw, tokenizer = np.random.default_rng(9), {"tokenizer.json": tokenized.content(name)}
    return exact(net, lambda dims: draw.integers(0, 9, dims), processing=processing, files=tokenizer)


def _tags(name: str) -> list[Entry]:
    """Return numbers of tokens to be read as tags of words, and outputs without the texts they are of."""
    texts = [*_TEXTS]
    places = [_found(text, (_COARSE if name == "unigram" else {}).get(text)) for text in texts]
    logits, predictions = _tagged(name, texts, places, seed=31)
    outputs, shorter = tensors({"logits": logits}), tensors({"logits": logits[:, :-1]})
    return [
        {"outputs": outputs, "texts": texts, "predictions": predictions, **_NEEDS},
        {"outputs": outputs, **REFUSED, **_NEEDS},
        {"outputs": outputs, "texts": texts[1:], **REFUSED, **_NEEDS},
        {"outputs": shorter, "texts": texts, **REFUSED, **_NEEDS},
    ]


def _prompted_tags() -> list[Entry]:
    """Return numbers to be read as tags behind a prompt, and fewer than texts have with it."""
    prompt, given = pairs.PROMPTS["query"], {"texts": [*_PROMPTED], **_NEEDS}
    texts = [prompt + text for text in _PROMPTED]
    words = (re.compile(r"\S+").finditer(text, len(prompt)) for text in texts)
    places = [[word.span() for word in found] for found in words]
    logits, predictions = _tagged("bytes", texts, places, seed=41)
    return [
        {"outputs": tensors({"logits": logits}), **given, "predictions": predictions},
        {"outputs": tensors({"logits": logits[:, :-1]}), **given, **REFUSED},
    ]


def _tagged(
    name: str, texts: Sequence[str], places: Sequence[list[Place]], seed: int
) -> tuple[Array, list[list[Entry]]]:
    """Return numbers for each token, of which some are equal, and the tags that each text is read as."""
    encode, labels = tokenized.tokenizer(name).encode, _TAGGED[name][1]
    encoded = [encode(text) for text in texts]
    shape = len(texts), max(len(row.ids) for row in encoded), len(labels)
    logits = np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)
    rows = zip(encoded, logits.tolist(), texts, places, strict=True)
    return logits, [[*_entities(name, *row)] for row in rows]


def _entities(
    name: str, row: Encoding, values: list[list[float]], text: str, places: list[Place]
) -> Iterator[Entry]:
    """Yield words with their labels, or entities, by where the tokenizer says that its tokens lie."""
    (reader, labels), words = _TAGGED[name], list[Word]()
    blank = name == "unigram"  # before a word, part of its first token
    for begin, end in places:
        own = (i for i, part in enumerate(row.sequence_ids) if part == 0)
        first = next((i for i in own if row.offsets[i][0] < end and row.offsets[i][1] > begin - blank), None)
        if first is not None:
            place = max(range(len(labels)), key=values[first].__getitem__)
            words.append((begin, end, place, scored("softmax", values[first])[place]))
    for kind, group in groupby(_begun(words, reader, labels), key=lambda each: each[0]):
        spans = [word for _, word in group]
        place = spans[0][2]
        if place != reader.outside:
            label = labels[place] if reader.outside is None else kind[1]
            score = math.fsum(score for *_, score in spans) / len(spans)
            yield {"label": label, "score": score, "text": text[spans[0][0] : spans[-1][1]]}


def _found(text: str, words: list[str] | None) -> list[Place]:
    """Return where each word begins and ends."""
    places, end = list[Place](), 0
    for word in _TEXTS[text].split() if words is None else words:
        begin = text.index(word, end)
        end = begin + len(word)
        places.append((begin, end))
    return places


def _begun(words: list[Word], reader: Tags, labels: Sequence[str]) -> Iterator[tuple[tuple[int, str], Word]]:
    """Yield each word behind the number and the name of its entity."""
    number, before = 0, None
    for word in words:
        name = labels[word[2]]
        entity = name[2:] if name.startswith(("B-", "I-")) else name
        if reader.outside is None or name.startswith("B-") or entity != before:
            number += 1
        before = entity
        yield (number, entity), word


def _spans(name: str, most: int) -> list[Entry]:
    """Return numbers of tokens to be read as answers, and outputs without the pairs that they are of."""
    text, tokenizer = pairs.TEXTS[name], tokenized.tokenizer(name)
    encoded = [tokenizer.encode(text.prompt(None) + first, second) for first, second in _PAIRS]
    longest = max(len(row.ids) for row in encoded)
    draw = np.random.default_rng(37)
    begins, ends = draw.integers(-3, 4, (2, len(encoded), longest)).astype(np.float32)  # some are equal
    for i, row in enumerate(encoded):
        for j, part in enumerate([*row.sequence_ids, *[None] * (longest - len(row.ids))]):
            if part != 1 and j > 0:
                begins[i, j] = ends[i, j] = 9  # of the question, a special token or padding
    begins[0, 0] = 4  # the token that stands for no answer
    outputs = {"begins": begins, "ends": ends}
    texts, contexts = ([*each] for each in zip(*_PAIRS, strict=True))
    predictions = [
        [*_answers(most, row, *numbers, context)]
        for row, *numbers, context in zip(encoded, begins.tolist(), ends.tolist(), contexts, strict=True)
    ]
    given = {"outputs": tensors(outputs), "texts": texts, "pairs": contexts, **_NEEDS}
    short = {key: value[:, :-1] for key, value in outputs.items()}
    return [
        {**given, "predictions": predictions},
        {"outputs": given["outputs"], **REFUSED, **_NEEDS},
        {"outputs": given["outputs"], "texts": texts, **REFUSED, **_NEEDS},
        {**given, "texts": texts[1:], "pairs": contexts[1:], **REFUSED},
        {**given, "outputs": tensors(short), **REFUSED},
        *({**given, "outputs": tensors({**outputs, "ends": each}), **REFUSED} for each in _broken(ends)),
    ]


def _broken(ends: Array) -> Iterator[Array]:
    """Yield outputs that no answer ends by: of other dims or another dtype, and with a NaN."""
    yield ends[0]
    yield ends[:, :-1]
    yield ends.astype(np.float64)
    yield np.where(np.arange(ends.shape[1]) == ends.shape[1] // 2, np.float32("nan"), ends)


def _answers(
    most: int, row: Encoding, begins: Sequence[float], ends: Sequence[float], context: str
) -> Iterator[Entry]:
    """Yield the answer of a row, where there is one, by where the tokenizer says that its tokens lie."""
    own = [i for i, text in enumerate(row.sequence_ids) if text == 1]
    counted = own if row.sequence_ids[0] is not None else [0, *own]
    parts = [(i, j) for i in own for j in own if i <= j < i + most]
    if not parts:
        return
    first, last = max(parts, key=lambda part: begins[part[0]] + ends[part[1]])
    shares = [
        math.exp(numbers[i]) / math.fsum(math.exp(numbers[j]) for j in counted)
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
