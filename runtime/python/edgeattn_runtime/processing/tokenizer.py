"""A bundle's tokenizer.json, opened for what its manifest says of texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BundleError, require_extra
from edgeattn_runtime.fields import Field, parse
from edgeattn_runtime.limits import DECODED, GROWTH, PIECE, STEPS
from edgeattn_runtime.processing.encoding import OpenTokenizer
from edgeattn_runtime.processing.growth import count_steps, decoded_growth_of, growth_of
from edgeattn_runtime.processing.pair_template import TRUNCATIONS, PairTemplate, check_special_tokens
from edgeattn_runtime.processing.text import Text

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def open_tokenizer(text: Text, path: Path, content: bytes | None = None) -> OpenTokenizer:
    """Open the tokenizer, set to cut as ``text`` says and to pad nothing.

    Raises:
        BundleError: The file is no tokenizer.json, has more than ``STEPS`` steps or tokens of more than
            ``PIECE`` bytes, or its steps make more than ``GROWTH`` bytes of one, or its decoder more than
            ``DECODED``, or ``longest`` leaves no room for a token of the text, or a special token has not a
            token for each of its ids.
        EdgeAttnError: The extra ``text`` is not installed.
    """
    with require_extra("text", "tokenizers"):
        from tokenizers import Tokenizer
    with refusing(BundleError, str(path), "no tokenizer that can be read", "export again"):
        file = path.read_bytes() if content is None else content
        _check_merges(str(path), file)
        tokenizer = Tokenizer.from_buffer(file)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        check_special_tokens(str(path), tokenizer)
        template = None if text.pair is None else PairTemplate.of(str(path), tokenizer)
        special = tokenizer.num_special_tokens_to_add(is_pair=False) if template is None else template.added
        steps, growth, decoded = count_steps(tokenizer), growth_of(tokenizer), decoded_growth_of(tokenizer)
        check_pieces(str(path), tokenizer)
    if steps > STEPS:
        raise BundleError(
            f"{path}: a tokenizer of {steps:,} steps found, at most {STEPS} expected; export again"
        )
    if growth.all > GROWTH:
        raise BundleError(
            f"{path}: a tokenizer whose steps make {growth.all:,.0f} bytes of one found, at most {GROWTH:,} "
            "expected; export again"
        )
    if decoded > DECODED:
        raise BundleError(
            f"{path}: a decoder that makes {decoded:,.0f} bytes of one found, at most {DECODED} "
            "expected; export again"
        )
    if text.longest is not None and text.longest <= special:
        raise BundleError(
            f"processing.text.longest: {text.longest} found, more than the {special} special tokens of "
            f"{path.name} expected; export again"
        )
    room = None if text.longest is None else text.longest - special
    if text.longest is not None and template is None:
        tokenizer.enable_truncation(text.longest)
    return OpenTokenizer(tokenizer, growth, template, room, text.pair or TRUNCATIONS[0])


def _check_merges(name: str, content: bytes) -> None:
    """Check that the second part of every merge begins with the prefix that it is said to have.

    The library tokenizers takes as many bytes off that part as the model's prefix has. Where that cuts a
    character, the process is aborted (tokenizers 0.23).
    """
    try:
        model = _entry(parse(content.decode()), "model")
    except UnicodeDecodeError as error:
        raise BundleError(f"{name}: not UTF-8 at byte {error.start}; export again") from error
    prefix = _entry(model, "continuing_subword_prefix").value
    if not isinstance(prefix, str) or not prefix:
        return
    for part in _second_parts(_entry(model, "merges").value):
        if not part.startswith(prefix):
            raise BundleError(
                f"{name}: a merge with {part[:40]!r} found, {prefix[:40]!r} expected before it; export again"
            )


def _entry(field: Field, key: str) -> Field:
    value = field.value.get(key) if isinstance(field.value, dict) else None
    return Field(key, value)


def _second_parts(merges: object) -> Iterator[str]:
    """Yield that of each merge, which is a pair or two parts with a space between."""
    for merge in merges if isinstance(merges, list) else ():
        parts = merge.split(" ") if isinstance(merge, str) else merge
        if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[1], str):
            yield parts[1]


def check_pieces(name: str, tokenizer: Tokenizer) -> None:
    """Check how long added tokens are, and those of a Unigram model: time grows with the longest."""
    from tokenizers.models import Unigram

    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    scored = tokenizer.get_vocab(with_added_tokens=False) if isinstance(tokenizer.model, Unigram) else ()
    longest = max((len(piece.encode()) for piece in (*added, *scored)), default=0)
    if longest > PIECE:
        raise BundleError(
            f"{name}: a token of {longest:,} bytes found, at most {PIECE} expected; export again"
        )
