"""Checkpoints of texts: the phrases of models/dictation, and the dates and numbers of models/translation."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import transformers
from checkpoints.example import BATCH, Example, fit
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

sys.path.append(str(Path(__file__).parents[3] / "models" / "dictation"))

from num2words import num2words
from phrases import CHOICES, phrases

MODELS = Path(__file__).parents[3] / "models"
TESTED = 240  # rows of data
LONGEST = 48  # tokens
IGNORED = -100
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 256,
    "max_position_embeddings": LONGEST,
}


def tokenizer(texts: Iterable[str], split: Any, template: str = "[CLS] $A [SEP]") -> PreTrainedTokenizerFast:
    """Return a tokenizer of what ``split`` makes of texts."""
    pieces = Tokenizer(models.WordLevel({}, unk_token="[UNK]"))
    pieces.pre_tokenizer = split
    found = dict.fromkeys(piece for text in texts for piece, _ in split.pre_tokenize_str(text))
    pieces.model = models.WordLevel(
        {piece: i for i, piece in enumerate([*SPECIAL, *found])}, unk_token="[UNK]"
    )
    pieces.add_special_tokens(SPECIAL)
    pieces.post_processor = processors.TemplateProcessing(
        single=template, pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    named = {f"{name.strip('[]').lower()}_token": name for name in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=pieces, model_max_length=LONGEST, **named)


def said() -> tuple[list[str], list[str]]:
    """Return phrases to train with, and others."""
    draw = random.Random(0)
    return phrases(4000, "train", draw), phrases(TESTED, "test", draw)


def words() -> PreTrainedTokenizerFast:
    """Return a tokenizer of the words of phrases."""
    return tokenizer(said()[0], pre_tokenizers.Whitespace())


def padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """Return rows of several lengths, int64 (B, longest)."""
    tensors = [torch.tensor(row) for row in rows]
    return nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)


def drawn(rows: Sequence[Any]) -> list[Any]:
    """Return as many rows as a batch has."""
    return [rows[i] for i in torch.randint(len(rows), (BATCH,)).tolist()]


def save(folder: Path, network: nn.Module, *processors: Any) -> Path:
    """Save a network with what stands before it."""
    for part in (network, *processors):
        part.save_pretrained(folder)
    return folder


def table(file: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as CSV or as JSON Lines, by the file's suffix."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        if file.suffix == ".csv":
            writer = csv.DictWriter(lines, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        else:
            lines.writelines(json.dumps(row) + "\n" for row in rows)
    return file


def language(place: Path) -> Example:
    """Train a BERT to tell seven languages apart, by how they write dates and numbers."""
    lines = (MODELS / "translation" / "samples.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t")[:2] for line in lines]
    random.Random(0).shuffle(rows)
    names = sorted({name for name, _ in rows})
    letters = tokenizer((text for _, text in rows[TESTED:]), pre_tokenizers.Split("", "isolated"))
    config = transformers.BertConfig(vocab_size=len(letters), **SIZES, id2label=dict(enumerate(names)))
    network = transformers.BertForSequenceClassification(config)

    def batch() -> Mapping[str, Any]:
        found = drawn(rows[TESTED:])
        inputs = letters([text for _, text in found], padding=True, truncation=True, return_tensors="pt")
        return {**inputs, "labels": torch.tensor([names.index(name) for name, _ in found])}

    fit(network, batch, 600)
    shown = [{"written": text, "language": name} for name, text in rows[:TESTED]]
    data = table(place / "texts.csv", shown)
    folder = save(place / "language", network, letters)
    return Example("sequence classification", "accuracy", folder, data, "text=written,label=language")


FIGURES = frozenset(
    word for i in range(10000) for word in num2words(i).replace(",", "").replace("-", " ").split()
)
TAGS = ("O", "B-NUMBER", "I-NUMBER")


def tags(text: str) -> list[str]:
    """Return a tag for each word: numbers are entities."""
    found: list[str] = []
    for word in text.split():
        inside = word in FIGURES - {"and"} or (word == "and" and found[-1:] and found[-1] != "O")
        found.append("O" if not inside else "B-NUMBER" if not found or found[-1] == "O" else "I-NUMBER")
    return found


def entities(place: Path) -> Example:
    """Train a BERT to find the numbers in phrases."""
    seen, others = said()
    pieces = words()
    config = transformers.BertConfig(vocab_size=len(pieces), **SIZES, id2label=dict(enumerate(TAGS)))
    network = transformers.BertForTokenClassification(config)

    def batch() -> Mapping[str, Any]:
        found = drawn(seen)
        inputs = pieces(found, padding=True, return_tensors="pt")
        labels = [[IGNORED, *map(TAGS.index, tags(text)), IGNORED] for text in found]
        return {**inputs, "labels": padded(labels, IGNORED)}

    fit(network, batch, 150)
    data = table(place / "tags.jsonl", [{"text": text.split(), "label": tags(text)} for text in others])
    return Example("token classification", "F1 of entities", save(place / "entities", network, pieces), data)


def answers(place: Path) -> Example:
    """Train a BERT to say where, when, who and how many."""
    asked = {"place": "where", "when": "when", "name": "who", "food": "what", "room": "which room"}
    parts = {name: sorted(CHOICES[name], key=len, reverse=True) for name in asked}

    def rows(texts: Sequence[str]) -> list[dict[str, str]]:
        return [
            {"question": asked[name], "context": text, "answer": answer}
            for text in texts
            for name in asked
            if (answer := next((each for each in parts[name] if text.endswith(f" {each}")), ""))
        ]

    seen, others = (rows(texts) for texts in said())
    pieces = tokenizer((f"{row['question']} {row['context']}" for row in seen), pre_tokenizers.Whitespace())
    network = transformers.BertForQuestionAnswering(transformers.BertConfig(vocab_size=len(pieces), **SIZES))

    def batch() -> Mapping[str, Any]:
        found = drawn(seen)
        inputs = pieces(
            *([row[name] for row in found] for name in ("question", "context")),
            padding=True,
            return_tensors="pt",
        )
        ends = inputs["attention_mask"].sum(dim=1) - 2
        starts = ends + 1 - torch.tensor([len(row["answer"].split()) for row in found])
        return {**inputs, "start_positions": starts, "end_positions": ends}

    fit(network, batch, 400)
    data = table(place / "questions.csv", others)
    return Example("question answering", "exact match", save(place / "answers", network, pieces), data)


def gaps(place: Path) -> Example:
    """Train a BERT to fill gaps of phrases."""
    seen, others = said()
    pieces = words()
    network = transformers.BertForMaskedLM(transformers.BertConfig(vocab_size=len(pieces), **SIZES))

    def batch() -> Mapping[str, Any]:
        inputs = pieces(drawn(seen), padding=True, return_tensors="pt")
        ids = inputs["input_ids"]
        masked = (torch.rand(ids.shape) < 0.15) & (ids >= len(SPECIAL))
        labels = torch.where(masked, ids, IGNORED)
        return {**inputs, "input_ids": ids.masked_fill(masked, pieces.mask_token_id), "labels": labels}

    fit(network, batch, 400)
    folder, data = save(place / "gaps", network, pieces), place / "phrases.txt"
    data.write_text("\n".join(others), "utf-8")
    return Example("masked language model", "accuracy of masked tokens", folder, data)


def writer(place: Path) -> Example:
    """Train a Llama to go on with phrases."""
    seen, others = said()
    pieces = words()
    sizes = SIZES | {"num_key_value_heads": 2, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    network = transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=len(pieces), **sizes))

    def batch() -> Mapping[str, Any]:
        ids = pieces(drawn(seen), padding=True, return_tensors="pt")["input_ids"]
        return {"input_ids": ids, "labels": ids.masked_fill(ids == 0, IGNORED)}

    fit(network, batch, 400)
    folder, data = save(place / "writer", network, pieces), place / "begun.txt"
    data.write_text("\n".join(others), "utf-8")
    return Example("causal language model", "accuracy of the next token", folder, data)


def figures(place: Path) -> Example:
    """Train a T5 to write numbers in figures."""
    draw = random.Random(0)
    numbers = draw.sample(range(10000), 10000)
    pairs = [(num2words(number).replace(",", "").replace("-", " "), str(number)) for number in numbers]
    split = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)]
    )
    pieces = tokenizer((f"{text} {target}" for text, target in pairs), split, "$A [SEP]")
    sizes = {"d_model": 64, "d_kv": 16, "d_ff": 256, "num_layers": 2, "num_heads": 4, "dropout_rate": 0.0}
    ends = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 3}
    network = transformers.T5ForConditionalGeneration(
        transformers.T5Config(vocab_size=len(pieces), **sizes, **ends)
    )

    def batch() -> Mapping[str, Any]:
        texts, targets = zip(*drawn(pairs[TESTED:]), strict=True)
        inputs = pieces(list(texts), padding=True, return_tensors="pt")
        labels = padded(pieces(list(targets))["input_ids"], IGNORED)
        return {
            "input_ids": inputs["input_ids"],
            "attention_mask": inputs["attention_mask"],
            "labels": labels,
        }

    fit(network, batch, 1200)
    data = table(
        place / "numbers.csv", [{"words": text, "figures": target} for text, target in pairs[:TESTED]]
    )
    folder = save(place / "figures", network, pieces)
    return Example(
        "sequence to sequence", "accuracy of the next token", folder, data, "text=words,target=figures"
    )


class Alike(nn.Module):
    """The mean of a network's tokens, taught how alike texts are."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, label: Tensor, **inputs: Tensor) -> Any:
        """Compare the cosines of P pairs, first texts then the others, with labels (P,)."""
        mask = inputs["attention_mask"][..., None]
        hidden = self.network(**inputs).last_hidden_state * mask
        first, second = (hidden.sum(dim=1) / mask.sum(dim=1)).chunk(2)  # (P, W) each
        found = nn.functional.cosine_similarity(first, second)
        return SimpleNamespace(loss=nn.functional.mse_loss(found, label))


def alike(place: Path) -> Example:
    """Train an encoder of sentence-transformers to say how many words two phrases share."""
    seen, others = said()
    pieces, draw = words(), random.Random(0)
    network = transformers.BertModel(transformers.BertConfig(vocab_size=len(pieces), **SIZES))

    def pair(texts: Sequence[str]) -> dict[str, Any]:
        text, pair = draw.sample(texts, 2)
        first, second = set(text.split()), set(pair.split())
        return {"text": text, "pair": pair, "label": round(len(first & second) / len(first | second), 3)}

    def batch() -> Mapping[str, Any]:
        rows = [pair(seen) for _ in range(BATCH)]
        texts = [row[name] for name in ("text", "pair") for row in rows]
        inputs = pieces(texts, padding=True, return_tensors="pt")
        return {**inputs, "label": torch.tensor([row["label"] for row in rows])}

    fit(Alike(network), batch, 300)
    save(place / "encoder", network, pieces)
    encoder = SentenceTransformer(str(place / "encoder"), device="cpu")  # which takes the mean of its tokens
    encoder.save_pretrained(str(place / "alike"))
    data = table(place / "pairs.csv", [pair(others) for _ in range(4 * TESTED)])
    return Example("sentence embedding", "Spearman's rank correlation", place / "alike", data)
