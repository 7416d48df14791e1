"""A tokenizer is read or refused; one that is read answers texts and token ids, or refuses them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import atheris
from fuzzing import fuzz
from seeds import TEXTS

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import BundleError, InputError
    from edgeattn_runtime.graph import Tensor
    from edgeattn_runtime.processing.text import Text, decode_text, prepare_text
    from edgeattn_runtime.processing.tokenizer import open_tokenizer

TEXT = Text(tokenizer="tokenizer.json", ids="ids", mask="mask", types="types", longest=16)
INPUTS = {
    name: Tensor(name=name, dtype="int64", dims=("batch", "sequence")) for name in ("ids", "mask", "types")
}


def read(content: bytes) -> None:
    tokenizer = open_tokenizer(TEXT, Path("tokenizer.json"), content)
    for text in TEXTS:
        with suppress(InputError):
            prepare_text(TEXT, tokenizer, INPUTS, [text])
    for token in range(64):
        with suppress(InputError):
            decode_text(tokenizer, [token])


fuzz(read, BundleError, json=True)
