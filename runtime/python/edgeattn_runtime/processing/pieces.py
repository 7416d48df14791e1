"""The tokens that are looked for at each place of a text: time grows with the longest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.limits import PIECE

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def check_pieces(name: str, tokenizer: Tokenizer) -> None:
    """Check how long added tokens are, and those of a Unigram model.

    Args:
        name: Of the file, for messages.
        tokenizer: That it holds.

    Raises:
        BundleError: One has more than ``PIECE`` bytes.
    """
    from tokenizers.models import Unigram

    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    scored = tokenizer.get_vocab(with_added_tokens=False) if isinstance(tokenizer.model, Unigram) else ()
    longest = max((len(piece.encode()) for piece in (*added, *scored)), default=0)
    if longest > PIECE:
        raise BundleError(
            f"{name}: a token of {longest:,} bytes found, at most {PIECE} expected; export again"
        )
