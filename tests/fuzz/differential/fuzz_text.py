"""Whatever the text, each tokenizer of the folder EDGEATTN_TOKENIZERS answers alike in Python and C++."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import atheris
import numpy as np
from agreement import agreed
from fuzzing import fuzz

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import BadInput
    from edgeattn_runtime.graph import Tensor
    from edgeattn_runtime.processing.text import Text, prepare_text
    from edgeattn_runtime.processing.tokenizer import open_tokenizer

TEXT = Text(tokenizer="tokenizer.json", ids="ids", mask=None, types=None, longest=16)
INPUTS = {"ids": Tensor(name="ids", dtype="int64", dims=("batch", "sequence"))}
FILES = [path.read_bytes() for path in sorted(Path(os.environ["EDGEATTN_TOKENIZERS"]).iterdir())]
TOKENIZERS = [(open_tokenizer(TEXT, Path("tokenizer.json"), file), file) for file in FILES]


def tokens_of(tokenizer, text: str) -> bytes:
    return prepare_text(TEXT, tokenizer, INPUTS, [text])["ids"].astype(np.uint32).tobytes()


def read(content: bytes) -> None:
    text = content.decode("utf-8", "surrogateescape")
    for tokenizer, file in TOKENIZERS:
        with suppress(BadInput):
            agreed("text", partial(tokens_of, tokenizer, text), file, content)


fuzz(read, BadInput)
