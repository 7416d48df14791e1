"""Text: its entry in the manifest, and how it becomes token ids."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BundleError, InputError, require_extra
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import DTYPES, INTEGERS, Tensor
from edgeattn_runtime.limits import DECODED, GROWTH, STEPS, TEXT_BYTES
from edgeattn_runtime.processing.growth import Growth, count_steps, decoded_growth_of, growth_of
from edgeattn_runtime.processing.merges import check_merges
from edgeattn_runtime.processing.pieces import check_pieces
from edgeattn_runtime.processing.tensors import check_kind, find_tensor

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_CALLER = 6  # frames up to whoever called Model.prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """How a text becomes inputs.

    Attributes:
        tokenizer: A file of the bundle, such as "tokenizer.json".
        ids: The input of its token ids.
        mask: The input that holds 1 at a token and 0 at padding; None without one.
        types: The input of its type ids; None without one.
        longest: How many tokens are kept; None for all.
    """

    tokenizer: str
    ids: str
    mask: str | None
    types: str | None
    longest: int | None

    def __str__(self) -> str:
        inputs = ", ".join(name for name in (self.ids, self.mask, self.types) if name is not None)
        longest = "" if self.longest is None else f", {self.longest} tokens at most"
        return f"text by {self.tokenizer} into {inputs}{longest}"

    @classmethod
    def from_field(cls, field: Field) -> Text:
        """Read the manifest's ``processing.text``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            tokenizer=fields["tokenizer"].text(),
            ids=fields["ids"].text(),
            mask=_optional_name(fields["mask"]),
            types=_optional_name(fields["types"]),
            longest=None if fields["longest"].value is None else fields["longest"].integer(1),
        )

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its inputs are there, ``[batch, sequence]`` each, and that ``ids`` holds integers."""
        check_kind("text.ids", find_tensor("text.ids", self.ids, inputs), INTEGERS, 2)
        for key, name in (("text.mask", self.mask), ("text.types", self.types)):
            if name is not None:
                check_kind(key, find_tensor(key, name, inputs), DTYPES, 2)


@dataclass(frozen=True, slots=True)
class OpenTokenizer:
    """A tokenizer, and how many bytes its steps make of one at most."""

    tokenizer: Tokenizer
    growth: Growth


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
        special = tokenizer.num_special_tokens_to_add(is_pair=False)
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
    if text.longest is None:
        return OpenTokenizer(tokenizer, growth)
    if text.longest <= special:
        raise BundleError(
            f"processing.text.longest: {text.longest} found, more than the {special} special tokens of "
            f"{path.name} expected; export again"
        )
    tokenizer.enable_truncation(text.longest)
    return OpenTokenizer(tokenizer, growth)


def prepare_text(
    text: Text, tokenizer: OpenTokenizer, inputs: Mapping[str, Tensor], texts: Sequence[object]
) -> Arrays:
    """Return token ids, their mask and their type ids, each ``[batch, sequence]`` in its input's dtype.

    Args:
        text: What the manifest says.
        tokenizer: Opened for it.
        inputs: The graphs' inputs by name.
        texts: A row each; shorter rows are padded with 0 at the end.

    Raises:
        InputError: One is no text, no valid Unicode, too long, or gives no token; or they differ in their
            number of tokens and there is no mask.
        BundleError: The tokenizer gives ids that their input's dtype cannot hold.
    """
    encodings = [_encoded(tokenizer, each) for each in texts]
    lengths = sorted({len(encoding.ids) for encoding in encodings})
    if len(lengths) > 1 and text.mask is None:
        raise InputError(
            f"texts of {lengths[0]} to {lengths[-1]} tokens found, as many in each expected: the bundle has "
            "no mask to tell padding by; prepare them one by one"
        )
    _tell_cut(encodings, text.longest)
    rows = {text.ids: [encoding.ids for encoding in encodings]}
    if text.mask is not None:
        rows[text.mask] = [encoding.attention_mask for encoding in encodings]
    if text.types is not None:
        rows[text.types] = [encoding.type_ids for encoding in encodings]
    arrays = {}
    for name, values in rows.items():
        tensor = inputs[name]
        with refusing(BundleError, text.tokenizer, f"a number that {tensor} cannot hold", "export again"):
            numbers = np.zeros((len(values), lengths[-1]), np.int64)
            for row, value in zip(numbers, values, strict=True):
                row[: len(value)] = value
            arrays[name] = numbers.astype(tensor.dtype)
            if (arrays[name] != numbers).any():
                raise OverflowError(f"{numbers.max()}")
    return arrays


def decode_text(tokenizer: OpenTokenizer, tokens: Iterable[int]) -> str:
    """Return the text of token ids, special tokens left out.

    Raises:
        InputError: These are no token ids.
    """
    with refusing(InputError, "token ids", f"no text can be made of {tokens!r}", "give a decoder's"):
        return tokenizer.tokenizer.decode(list(map(index, tokens)), skip_special_tokens=True)


def _encoded(tokenizer: OpenTokenizer, text: object) -> Encoding:
    if not isinstance(text, str):
        raise InputError(f"text: {type(text).__name__} found, a str expected")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InputError(
            f"text: a lone surrogate found at {error.start}, valid Unicode expected; decode it anew"
        ) from error
    if size > TEXT_BYTES:
        raise InputError(f"text: {size:,} bytes found, at most {TEXT_BYTES:,} expected; give a part of it")
    longest = tokenizer.growth.longest()
    if size > longest:
        raise InputError(
            f"text: {size:,} bytes found, at most {longest:,} expected by a tokenizer whose steps make "
            f"{tokenizer.growth.all:,.0f} of one; give a part of it, or export again"
        )
    # Such as a word that is unknown to a vocabulary without an unknown token.
    with refusing(InputError, "text", f"{text[:40]!r} cannot be tokenized", "give another"):
        encoding = tokenizer.tokenizer.encode(text)
    if not encoding.ids:
        raise InputError(f"text: {text[:40]!r} gives no token, at least one expected; give another")
    return encoding


def _tell_cut(encodings: Sequence[Encoding], longest: int | None) -> None:
    cut = sum(bool(encoding.overflowing) for encoding in encodings)
    if cut:
        warnings.warn(
            f"text: {cut} of {len(encodings)} cut at its end to the {longest} tokens that the bundle takes",
            stacklevel=_CALLER,
        )


def _optional_name(field: Field) -> str | None:
    return None if field.value is None else field.text()
