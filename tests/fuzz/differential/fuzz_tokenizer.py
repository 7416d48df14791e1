"""A tokenizer that Python and C++ both read cuts texts into the same tokens in both, or both refuse them.

One may refuse a tokenizer that the other reads: C++ knows fewer parts, and passes over what no text needs.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import atheris
import cpp
import numpy as np
from agreement import agreed
from fuzzing import fuzz
from seeds import TEXTS

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import BadInput
    from edgeattn_runtime.graph import Tensor
    from edgeattn_runtime.processing.text import Text, prepare_text
    from edgeattn_runtime.processing.tokenizer import open_tokenizer

TEXT = Text(tokenizer="tokenizer.json", ids="ids", mask=None, types=None, longest=16)
INPUTS = {"ids": Tensor(name="ids", dtype="int64", dims=("batch", "sequence"))}


def tokens_of(tokenizer, text: str) -> bytes:
    return prepare_text(TEXT, tokenizer, INPUTS, [text])["ids"].astype(np.uint32).tobytes()


def read(content: bytes) -> None:
    tokenizer = open_tokenizer(TEXT, Path("tokenizer.json"), content)
    try:
        cpp.read("tokenizer", content)
    except cpp.RefusedError as refusal:
        raise BadInput(str(refusal)) from refusal
    for text in TEXTS:
        with suppress(BadInput):
            agreed("text", partial(tokens_of, tokenizer, text), content, text.encode())


fuzz(read, BadInput, json=True)
