"""Modules that are handed over whole: what they take and return holds tensors inside of dicts and lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from forms.attention import Attention, MaskedAttention
from forms.form import Form, Inputs, Padding
from forms.inputs import (
    HUGGING_FACE,
    SHOWN,
    WIDTH,
    Maker,
    other,
    samples,
    shown,
    tokens,
    vectors,
)
from forms.tiny import TEXT, UNPOOLED, tiny
from forms.transformers_pairs import PLACES, SIZES, texts
from torch import Tensor, nn
from transformers import BertTokenizerFast

BOX = 4  # numbers that say where it is


class Features(MaskedAttention):
    """One dict in, and the same dict out with more in it."""

    def forward(self, features: dict[str, object]) -> dict[str, object]:
        features["mixed"] = super().forward(features["x"], features["mask"])
        return features


class Beside(MaskedAttention):
    """A dict, and a tensor beside it."""

    def forward(self, features: Mapping[str, Tensor], bias: Tensor) -> Tensor:
        return super().forward(features["x"], features["mask"]) + bias


class Maps(Attention):
    """A list of maps in, and one of maps out."""

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        mixed = super().forward(torch.cat(list(maps), dim=1))  # (B, S + T, W)
        return [mixed[:, : maps[0].size(1)], mixed[:, maps[0].size(1) :]]


class Towers(nn.Module):
    """Two dicts of the same keys."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.text = MaskedAttention(), MaskedAttention()

    def forward(self, query: Mapping[str, Tensor], text: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        return self.query(query["x"], query["mask"]), self.text(text["x"], text["mask"])


class Detector(nn.Module):
    """Boxes, and the maps that they are read off."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.boxes, self.scores = Attention(), nn.Linear(WIDTH, BOX), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> object:
        mixed = self.attention(x)
        return torch.cat((self.boxes(mixed), self.scores(mixed)), dim=-1), [mixed, mixed.mean(dim=1)]


class Heads(Detector):
    """Two heads, of which one is off, each with boxes and scores; and what kind of answer it is."""

    def forward(self, x: Tensor) -> object:
        mixed = self.attention(x)
        many = {"boxes": self.boxes(mixed), "scores": (self.scores(mixed), None)}
        return {"one2many": many, "one2one": None, "kind": "boxes"}


bert = partial(tiny, "BertModel", UNPOOLED, **TEXT)


def sentence_transformer() -> nn.Module:
    """Build one of a tiny BERT and the mean of its tokens, from files as one is loaded from."""
    from sentence_transformers import SentenceTransformer

    with TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh")))
        BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(folder)
        bert()().save_pretrained(folder)
        return SentenceTransformer(folder, device="cpu", local_files_only=True)


def arranged(
    inside: Callable[[Inputs], Mapping[str, object]], **makers: Maker
) -> Callable[[], list[Mapping[str, object]]]:
    """Return what makes samples of inputs that stand inside of others."""
    return lambda: [inside(inputs) for inputs in samples(**makers)()]


form = partial(Form, family="inside of dicts and lists")
text = partial(form, samples=samples(input_ids=tokens, attention_mask=shown), padding=HUGGING_FACE)

FORMS = (
    form("one dict in and out", Features, samples=samples(x=vectors, mask=shown), padding=SHOWN),
    form(
        "a dict and a tensor",
        Beside,
        samples=arranged(
            lambda flat: {
                "features": {"x": flat["x"], "mask": flat["mask"], "kind": "text"},
                "bias": flat["x"],
            },
            x=vectors,
            mask=shown,
        ),
        padding=SHOWN,
    ),
    form(
        "two dicts of the same keys",
        Towers,
        samples=arranged(
            lambda flat: {
                "query": {"x": flat["x"], "mask": flat["mask"]},
                "text": {"x": flat["y"], "mask": flat["other"]},
            },
            x=vectors,
            mask=shown,
            y=other(vectors),
            other=other(shown),
        ),
        attentions=2,
        padding=Padding("query.mask", hidden=0),
    ),
    form(
        "a list of maps in and out",
        Maps,
        samples=arranged(
            lambda flat: {"maps": [flat["x"], flat["y"]]},
            x=vectors,
            y=other(vectors),
        ),
    ),
    form("boxes and a list of maps out", Detector, samples=samples(x=vectors)),
    form("heads in dicts out, one of them None", Heads, samples=samples(x=vectors)),
    text("SentenceTransformer", sentence_transformer),
    text("BERT, hidden states too", bert(output_hidden_states=True)),
    text("BERT, attentions too", bert(output_attentions=True, attn_implementation="eager")),
    form(
        "BART, hidden states too",
        tiny("BartModel", **SIZES, **PLACES, output_hidden_states=True),
        samples=texts,
        attentions=3,
        padding=HUGGING_FACE,
    ),
)
