"""A bundle's tokenizer.json, opened for what its manifest says of texts."""

from __future__ import annotations

from pathlib import Path

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BundleError, require_extra
from edgeattn_runtime.limits import DECODED, GROWTH, STEPS
from edgeattn_runtime.processing.encoding import OpenTokenizer
from edgeattn_runtime.processing.growth import count_steps, decoded_growth_of, growth_of
from edgeattn_runtime.processing.merges import check_merges
from edgeattn_runtime.processing.pair_template import TRUNCATIONS, PairTemplate
from edgeattn_runtime.processing.pieces import check_pieces
from edgeattn_runtime.processing.text import Text


def open_tokenizer(text: Text, path: Path, content: bytes | None = None) -> OpenTokenizer:
    """Open the tokenizer, set to cut as ``text`` says and to pad nothing.

    Args:
        text: What the manifest says.
        path: Of a tokenizer.json.
        content: What it holds, where that was read already.

    Raises:
        BundleError: The file is no tokenizer.json, has more than ``STEPS`` steps or tokens of more than
            ``PIECE`` bytes, or its steps make more than ``GROWTH`` bytes of one, or its decoder more than
            ``DECODED``, or ``longest`` leaves no room for a token of the text.
        EdgeAttnError: The extra ``text`` is not installed.
    """
    with require_extra("text", "tokenizers"):
        from tokenizers import Tokenizer
    with refusing(BundleError, str(path), "no tokenizer that can be read", "export again"):
        file = path.read_bytes() if content is None else content
        check_merges(str(path), file)
        tokenizer = Tokenizer.from_buffer(file)
        tokenizer.no_padding()
        tokenizer.no_truncation()
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
