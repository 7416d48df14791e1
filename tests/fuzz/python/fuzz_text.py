"""Whatever the text, each tokenizer of the folder EDGEATTN_TOKENIZERS answers it or refuses it."""

from __future__ import annotations

import os
from pathlib import Path

import atheris
from fuzzing import fuzz

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import InputError
    from edgeattn_runtime.graph import Tensor
    from edgeattn_runtime.processing.encoding import OpenTokenizer
    from edgeattn_runtime.processing.text import Text, decode_text, prepare_text
    from edgeattn_runtime.processing.tokenizer import open_tokenizer

TEXT = Text(tokenizer="tokenizer.json", ids="ids", mask=None, types=None, longest=None)
INPUTS = {"ids": Tensor(name="ids", dtype="int64", dims=("batch", "sequence"))}
TOKENIZERS = [
    open_tokenizer(TEXT, path) for path in sorted(Path(os.environ["EDGEATTN_TOKENIZERS"]).iterdir())
]


def read(content: bytes) -> None:
    text = content.decode("utf-8", "surrogateescape")
    refusals = [refusal for tokenizer in TOKENIZERS if (refusal := refusal_of(tokenizer, text))]
    if len(refusals) == len(TOKENIZERS):
        raise refusals[0]


def refusal_of(tokenizer: OpenTokenizer, text: str) -> InputError | None:
    try:
        ids = prepare_text(TEXT, tokenizer, INPUTS, [text])["ids"]
        decode_text(tokenizer, ids[0].tolist())
    except InputError as error:
        return error
    return None


fuzz(read, InputError)
