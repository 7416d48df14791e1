"""What a bundle answers to raw inputs, and what transformers' own pipeline does: one comparison a task.

Where transformers has no pipeline for a task, its network answers, read as its former pipeline read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from checkpoints.example import Example
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from edgeattn.source.checkpoint.samples import reader_of
from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.commands.generate import Prompts, pieces
from edgeattn_runtime.commands.raw_input import given_of, read_input
from edgeattn_runtime.model import Model
from edgeattn_runtime.processing.wav import read_wav

INPUTS = 64
NEW_TOKENS = 8
SPELLED_TOKENS = 24  # of two words, and their end: of a text that is cut Whisper gives a token less
LONGEST_ANSWER = 15  # tokens, as that pipeline had it


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of the two answers.

    Attributes:
        words: A label, a text or tagged words; empty for a vector.
        score: How sure it is; None where it says nothing of that.
        vector: An embedding; None for words.
    """

    words: str = ""
    score: float | None = None
    vector: NDArray[np.float32] | None = None


Pair = tuple[Answer, Answer]  # the bundle's, and transformers'
Comparison = Callable[[Example, Model], Iterator[Pair]]


def rows(example: Example) -> list[dict[str, Any]]:
    """Return as many rows of an example's data as are compared, by role."""
    names = {
        column: role for role, column in (each.split("=") for each in example.columns.split(",") if each)
    }
    read = [dict(row) for row in reader_of(example.data)(example.data)][:INPUTS]
    return [{names.get(column, column): value for column, value in row.items()} for row in read]


def predicted(model: Model, path: Path | None, text: str | None = None, pair: str | None = None) -> Answer:
    """Return what ``edgeattn run`` prints of a text or a file: its first label, or all entities."""
    outputs = model(**read_input(model, path, text, pair))
    (found,) = model.predictions(outputs, **given_of(model, path, text, pair))
    if any(each.text is not None for each in found):
        words = [f"{each.text}/{each.label}" if each.label else str(each.text) for each in found]
        return Answer(" ".join(words), found[0].score)
    return Answer(str(found[0].label), found[0].score) if found else Answer()


def generated(model: Model, path: Path | None, text: str | None, most: int = NEW_TOKENS) -> Answer:
    """Return what ``edgeattn generate`` prints of a text or a file."""
    options = GenerationOptions(stop_sequences=(), num_return_sequences=1, max_new_tokens=most)
    prompts = Prompts(texts=[] if text is None else [text], files=[] if path is None else [path])
    return Answer("".join(pieces(model, prompts, options)).strip())


def pipeline(task: str, example: Example, **options: Any) -> Any:
    """Return transformers' pipeline of an example's folder."""
    return transformers.pipeline(task, model=str(example.folder), device="cpu", **options)


def best(found: Any) -> Answer:
    """Return the likeliest of a pipeline's labels."""
    first = found[0] if isinstance(found, list) else found
    return Answer(first["label"], first["score"])


def text_labels(example: Example, model: Model) -> Iterator[Pair]:
    """Compare labels of texts, or of pairs of them."""
    classify = pipeline("text-classification", example)
    for row in rows(example):
        text = {"text": row["text"], **({"text_pair": row["pair"]} if "pair" in row else {})}
        yield predicted(model, None, row["text"], row.get("pair")), best(classify(text, truncation=True))


def tagged_words(example: Example, model: Model) -> Iterator[Pair]:
    """Compare entities, whose words are joined by their first tokens."""
    tag = pipeline("token-classification", example, aggregation_strategy="first")
    for row in rows(example):
        text = " ".join(row["text"])
        found = tag(text)
        words = " ".join(f"{text[each['start'] : each['end']]}/{each['entity_group']}" for each in found)
        yield predicted(model, None, text), Answer(words, float(found[0]["score"]) if found else None)


def spans(example: Example, model: Model) -> Iterator[Pair]:
    """Compare the parts of contexts that answer, by the product of what softmax makes of both ends."""
    network = transformers.AutoModelForQuestionAnswering.from_pretrained(example.folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(example.folder)
    for row in rows(example):
        texts, cut = (row["question"], row["context"]), {"truncation": "only_second"}
        inputs = tokenizer(*texts, return_tensors="pt", return_offsets_mapping=True, **cut)
        places = inputs.pop("offset_mapping")[0].tolist()
        with torch.inference_mode():
            theirs = network(**inputs)
        context = torch.tensor([place == 1 for place in inputs.sequence_ids()])
        counted = context | (torch.arange(len(context)) == 0)  # with the token that stands for no answer
        logits = (
            each[0].masked_fill(~counted, -torch.inf) for each in (theirs.start_logits, theirs.end_logits)
        )
        starts, ends = (each.softmax(-1) * context for each in logits)
        scores = torch.outer(starts, ends).triu().tril(LONGEST_ANSWER - 1)
        first, last = divmod(int(scores.argmax()), len(context))
        answer = row["context"][places[first][0] : places[last][1]]
        yield predicted(model, None, *texts), Answer(answer, float(scores.max()))


def filled_gaps(example: Example, model: Model) -> Iterator[Pair]:
    """Compare the token that fills a gap, the middle word of a text."""
    fill = pipeline("fill-mask", example)
    tokenizer = fill.tokenizer
    for row in rows(example):
        words = row["text"].split()
        words[len(words) // 2] = tokenizer.mask_token
        arrays = model.prepare(text=" ".join(words))
        place = arrays["input_ids"][0].tolist().index(tokenizer.mask_token_id)
        shares = torch.softmax(torch.from_numpy(model(**arrays)["logits"][0, place]), dim=-1)
        score, token = shares.max(dim=-1)
        theirs = fill(" ".join(words))[0]
        yield (
            Answer(tokenizer.decode([int(token)]), float(score)),
            Answer(theirs["token_str"], theirs["score"]),
        )


def continued_texts(example: Example, model: Model) -> Iterator[Pair]:
    """Compare what follows the first words of a text, the likeliest token each."""
    write = pipeline("text-generation", example)
    for row in rows(example):
        begun = " ".join(row["text"].split()[:4])
        found = write(begun, max_new_tokens=NEW_TOKENS, do_sample=False, return_full_text=False)
        yield generated(model, None, begun), Answer(found[0]["generated_text"].strip())


def written_texts(example: Example, model: Model) -> Iterator[Pair]:
    """Compare what an encoder-decoder makes of a text."""
    network = transformers.AutoModelForSeq2SeqLM.from_pretrained(example.folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(example.folder)
    for row in rows(example):
        inputs = tokenizer(row["text"], return_tensors="pt")
        found = network.generate(inputs["input_ids"], max_new_tokens=NEW_TOKENS, do_sample=False)
        text = tokenizer.decode(found[0], skip_special_tokens=True)
        yield generated(model, None, row["text"]), Answer(text.strip())


def embeddings(example: Example, model: Model) -> Iterator[Pair]:
    """Compare vectors of texts."""
    encoder = SentenceTransformer(str(example.folder), device="cpu")
    for row in rows(example):
        (ours,) = model(**model.prepare(text=row["text"])).values()
        yield Answer(vector=ours[0]), Answer(vector=encoder.encode(row["text"]))


def image_labels(example: Example, model: Model) -> Iterator[Pair]:
    """Compare labels of images."""
    classify = pipeline("image-classification", example)
    for row in rows(example):
        yield predicted(model, row["image"]), best(classify(str(row["image"])))


def sound(row: dict[str, Any]) -> dict[str, Any]:
    """Return a sound as a pipeline takes it without ffmpeg."""
    rate, samples = read_wav(row["audio"])
    return {"raw": np.asarray(samples, np.float32).flatten(), "sampling_rate": rate}


def sound_labels(example: Example, model: Model) -> Iterator[Pair]:
    """Compare labels of sounds."""
    classify = pipeline("audio-classification", example)
    for row in rows(example):
        yield predicted(model, row["audio"]), best(classify(sound(row)))


def heard_letters(example: Example, model: Model) -> Iterator[Pair]:
    """Compare texts that CTC hears."""
    hear = pipeline("automatic-speech-recognition", example)
    for row in rows(example):
        yield predicted(model, row["audio"]), Answer(hear(sound(row))["text"])


def heard_tokens(example: Example, model: Model) -> Iterator[Pair]:
    """Compare texts that a decoder hears."""
    hear = pipeline("automatic-speech-recognition", example)
    for row in rows(example):
        theirs = hear(sound(row), generate_kwargs={"max_new_tokens": SPELLED_TOKENS, "num_beams": 1})
        yield generated(model, row["audio"], None, SPELLED_TOKENS), Answer(theirs["text"].strip())
