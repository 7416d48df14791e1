"""Writes tokenizer.json: the vocabulary of `model.py`, a token a character, for whoever has only the file.

    python models/dictation/make_tokenizer.py

needs tokenizers. A character that the vocabulary lacks has no token, and a text with one is refused.
"""

from __future__ import annotations

from pathlib import Path

from model import CHARACTERS, END, FIRST_CHARACTER, PAD, START
from tokenizers import AddedToken, Tokenizer, decoders, models

SPECIAL = {"<pad>": PAD, "<s>": START, "</s>": END}
MISSING = "<none>"  # stands for an unknown character, and is no token itself


def main() -> None:
    """Write the file beside this one."""
    characters = {character: FIRST_CHARACTER + i for i, character in enumerate(CHARACTERS)}
    tokenizer = Tokenizer(models.BPE(vocab={**SPECIAL, **characters}, merges=[], unk_token=MISSING))
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    tokenizer.decoder = decoders.Fuse()
    tokenizer.save(str(Path(__file__).with_name("tokenizer.json")), pretty=False)


if __name__ == "__main__":
    main()
