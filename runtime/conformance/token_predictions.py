"""Bundles whose tokens are read as tags or answers, and these, by the specification in loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from case import REFUSED, Case, Entry, tensors
from graphs import Array
from predicted import scored
from processed import Row, rows
from texts import TABLE
from tokenizers import Encoding

_BLANKS = " \t"
_NEEDS = {"needs": "tokenizer"}

Place = tuple[int, int]  # where it begins and ends
Word = tuple[int, int, int, float]  # begin, end, label and its score


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for kind, asked in (("tags", _tags), ("spans", _spans), ("prompted", _prompted_tags)):
        for row in rows(kind):
            yield row.case(predictions=asked(row))


def _tags(row: Row) -> list[Entry]:
    """Return numbers of tokens to be read as tags of words, and outputs without the texts they are of."""
    tagged = TABLE["tagged"]
    texts = [each["text"] for each in tagged]
    words = "coarse" if row.tokenizer == "unigram" else "words"  # whose pieces are those between blanks
    places = [_found(each["text"], each.get(words, each["words"])) for each in tagged]
    logits, predictions = _tagged(row, texts, places, seed=31)
    outputs, shorter = tensors({"logits": logits}), tensors({"logits": logits[:, :-1]})
    return [
        {"outputs": outputs, "texts": texts, "predictions": predictions, **_NEEDS},
        {"outputs": outputs, **REFUSED, **_NEEDS},
        {"outputs": outputs, "texts": texts[1:], **REFUSED, **_NEEDS},
        {"outputs": shorter, "texts": texts, **REFUSED, **_NEEDS},
    ]


def _prompted_tags(row: Row) -> list[Entry]:
    """Return numbers to be read as tags behind a prompt, and fewer than texts have with it."""
    prompt, given = row.processing.text.prompt(None), {"texts": TABLE["prompted"], **_NEEDS}
    texts = [prompt + text for text in TABLE["prompted"]]
    places = [_found(prompt + text, text.split(), len(prompt)) for text in TABLE["prompted"]]
    logits, predictions = _tagged(row, texts, places, seed=41)
    return [
        {"outputs": tensors({"logits": logits}), **given, "predictions": predictions},
        {"outputs": tensors({"logits": logits[:, :-1]}), **given, **REFUSED},
    ]


def _tagged(
    row: Row, texts: Sequence[str], places: Sequence[list[Place]], seed: int
) -> tuple[Array, list[list[Entry]]]:
    """Return numbers for each token, of which some are equal, and the tags that each text is read as."""
    encoded = [row.encoder.encode(text) for text in texts]
    shape = len(texts), max(len(each.ids) for each in encoded), len(row.processing.labels.names)
    logits = np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)
    each = zip(encoded, logits.tolist(), texts, places, strict=True)
    return logits, [[*_entities(row, *parts)] for parts in each]


def _entities(
    row: Row, encoding: Encoding, values: list[list[float]], text: str, places: list[Place]
) -> Iterator[Entry]:
    """Yield words with their labels, or entities, by where the tokenizer says that its tokens lie."""
    labels, outside, words = row.processing.labels.names, row.processing.prediction.outside, list[Word]()
    blank = row.tokenizer == "unigram"  # before a word, part of its first token
    for begin, end in places:
        own = (i for i, part in enumerate(encoding.sequence_ids) if part == 0)
        offsets = encoding.offsets
        first = next((i for i in own if offsets[i][0] < end and offsets[i][1] > begin - blank), None)
        if first is not None:
            place = max(range(len(labels)), key=values[first].__getitem__)
            words.append((begin, end, place, scored("softmax", values[first])[place]))
    for kind, group in groupby(_begun(words, row), key=lambda each: each[0]):
        spans = [word for _, word in group]
        place = spans[0][2]
        if place != outside:
            label = labels[place] if outside is None else kind[1]
            score = math.fsum(score for *_, score in spans) / len(spans)
            yield {"label": label, "score": score, "text": text[spans[0][0] : spans[-1][1]]}


def _found(text: str, words: Sequence[str], end: int = 0) -> list[Place]:
    """Return where each word begins and ends, from ``end`` on."""
    places = list[Place]()
    for word in words:
        begin = text.index(word, end)
        end = begin + len(word)
        places.append((begin, end))
    return places


def _begun(words: list[Word], row: Row) -> Iterator[tuple[tuple[int, str], Word]]:
    """Yield each word behind the number and the name of its entity."""
    number, before = 0, None
    for word in words:
        name = row.processing.labels.names[word[2]]
        entity = name[2:] if name.startswith(("B-", "I-")) else name
        if row.processing.prediction.outside is None or name.startswith("B-") or entity != before:
            number += 1
        before = entity
        yield (number, entity), word


def _spans(row: Row) -> list[Entry]:
    """Return numbers of tokens to be read as answers, and outputs without the pairs that they are of."""
    encoder, prompt = row.encoder, row.processing.text.prompt(None)
    encoded = [encoder.encode(prompt + first, second) for first, second in TABLE["questions"]]
    longest = max(len(each.ids) for each in encoded)
    draw = np.random.default_rng(37)
    begins, ends = draw.integers(-3, 4, (2, len(encoded), longest)).astype(np.float32)  # some are equal
    for i, each in enumerate(encoded):
        for j, part in enumerate([*each.sequence_ids, *[None] * (longest - len(each.ids))]):
            if part != 1 and j > 0:
                begins[i, j] = ends[i, j] = 9  # of the question, a special token or padding
    begins[0, 0] = 4  # the token that stands for no answer
    outputs = {"begins": begins, "ends": ends}
    texts, contexts = ([*each] for each in zip(*TABLE["questions"], strict=True))
    predictions = [
        [*_answers(row.processing.prediction.longest, *parts)]
        for parts in zip(encoded, begins.tolist(), ends.tolist(), contexts, strict=True)
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
