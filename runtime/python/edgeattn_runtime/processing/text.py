"""Text: its entry in the manifest, and how texts become inputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import index
from typing import Annotated

import numpy as np

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Field, Positive, Record, choice
from edgeattn_runtime.graph import DTYPES, INTEGERS, Tensor
from edgeattn_runtime.processing.encoding import Encoded, OpenTokenizer, encode
from edgeattn_runtime.processing.pair_template import TRUNCATIONS
from edgeattn_runtime.processing.tensors import check_kind, find_tensor

_CALLER = 6  # frames up to whoever called Model.prepare

_truncation = choice(*TRUNCATIONS, expected=f"one of {', '.join(TRUNCATIONS)}")


def _read_pair(field: Field) -> str:
    return str(_truncation(field.record("truncation")["truncation"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Record):
    """How a text becomes inputs.

    Attributes:
        tokenizer: A file of the bundle, such as "tokenizer.json".
        ids: The input of its token ids.
        mask: The input that holds 1 at a token and 0 at padding; None without one.
        types: The input of its type ids; None without one.
        longest: How many tokens are kept; None for all.
        pair: Which of a pair's texts is cut, one of ``TRUNCATIONS``; None where a single text is taken.
        prompts: By name, what may be put before a text, or the first of a pair.
        default_prompt: The name of the one that is, where a caller names none; None for none.
    """

    tokenizer: str
    ids: str
    mask: str | None
    types: str | None
    longest: Positive | None
    pair: Annotated[str, _read_pair] | None = None
    prompts: Mapping[str, Annotated[str, Field.any_text]] = field(default_factory=dict)
    default_prompt: str | None = None

    def __str__(self) -> str:
        kind = "text" if self.pair is None else "pairs of texts"
        inputs = ", ".join(name for name in (self.ids, self.mask, self.types) if name is not None)
        longest = "" if self.longest is None else f", {self.longest} tokens at most"
        prompts = f"; prompts {', '.join(self.prompts)}" if self.prompts else ""
        return f"{kind} by {self.tokenizer} into {inputs}{longest}{prompts}"

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        pair = {} if self.pair is None else {"pair": {"truncation": self.pair}}
        return Record.to_table(self) | pair

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that no input is filled twice, that prompts are some, and the default one of them."""
        if self.mask == self.ids:
            raise values["mask"].refusal("another input than ids")
        if self.types is not None and self.types in (self.ids, self.mask):
            raise values["types"].refusal("another input than ids and mask")
        if "prompts" in values and not self.prompts:
            raise values["prompts"].refusal("at least one prompt")
        if self.default_prompt is not None and self.default_prompt not in self.prompts:
            raise values["default_prompt"].refusal("one of prompts")

    def prompt(self, name: object) -> str:
        """Return what is put before a text: "" is for none, None for the manifest's ``default_prompt``.

        Raises:
            InputError: There is no such prompt.
        """
        name = self.default_prompt if name is None else name
        if name is None or name == "":
            return ""
        if not isinstance(name, str) or name not in self.prompts:
            expected = f"one of {', '.join(self.prompts)} expected" if self.prompts else "none expected"
            raise InputError(f"prompt: {name!r} found, {expected}")
        return self.prompts[name]

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its inputs are there, ``[batch, sequence]`` each, and that ``ids`` holds integers."""
        check_kind("text.ids", find_tensor("text.ids", self.ids, inputs), INTEGERS, 2)
        for key, name in (("text.mask", self.mask), ("text.types", self.types)):
            if name is not None:
                check_kind(key, find_tensor(key, name, inputs), DTYPES, 2)


def encode_all(
    text: Text,
    tokenizer: OpenTokenizer,
    texts: Sequence[object],
    pairs: Sequence[object] | None = None,
    prompt: object = None,
) -> list[Encoded]:
    """Return the tokens of each text, or of each pair where the manifest says so.

    Raises:
        InputError: There are pairs where single texts are taken, or the other way round, or not as many of
            each; or a text is refused, see ``encode``; or there is no such prompt.
    """
    if text.pair is None and pairs is not None:
        raise InputError("pair: found, a single text expected by this bundle; leave it out")
    if text.pair is not None and pairs is None:
        raise InputError("text: a single one found, a pair expected by this bundle; give pair as well")
    if pairs is not None and len(pairs) != len(texts):
        raise InputError(f"pair: {len(pairs)} found, as many as the {len(texts)} texts expected")
    before = text.prompt(prompt)
    begun = [before + each if isinstance(each, str) else each for each in texts]
    if pairs is None:
        return [encode(tokenizer, each) for each in begun]
    return [encode(tokenizer, *both) for both in zip(begun, pairs, strict=True)]


def prepare_text(
    text: Text,
    tokenizer: OpenTokenizer,
    inputs: Mapping[str, Tensor],
    texts: Sequence[object],
    pairs: Sequence[object] | None = None,
    prompt: object = None,
) -> Arrays:
    """Return token ids, their mask and their type ids, each ``[batch, sequence]`` in its input's dtype.

    Shorter rows are padded with 0 at the end.

    Raises:
        InputError: As ``encode_all``; or rows differ in their number of tokens and there is no mask.
        BundleError: The tokenizer gives ids that their input's dtype cannot hold.
    """
    encodings = encode_all(text, tokenizer, texts, pairs, prompt)
    lengths = sorted({len(encoding.ids) for encoding in encodings})
    if len(lengths) > 1 and text.mask is None:
        raise InputError(
            f"texts of {lengths[0]} to {lengths[-1]} tokens found, as many in each expected: the bundle has "
            "no mask to tell padding by; prepare them one by one"
        )
    _tell_cut(encodings, text.longest)
    rows = {text.ids: [encoding.ids for encoding in encodings]}
    if text.mask is not None:
        rows[text.mask] = [[1] * len(encoding.ids) for encoding in encodings]
    if text.types is not None:
        rows[text.types] = [encoding.types for encoding in encodings]
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
    """Return the text of token ids, special tokens left out; raises InputError."""
    with refusing(InputError, "token ids", f"no text can be made of {tokens!r}", "give a decoder's"):
        return tokenizer.tokenizer.decode(list(map(index, tokens)), skip_special_tokens=True)


def _tell_cut(encodings: Sequence[Encoded], longest: int | None) -> None:
    cut = sum(encoding.is_cut for encoding in encodings)
    if cut:
        warnings.warn(
            f"text: {cut} of {len(encodings)} cut at its end to the {longest} tokens that the bundle takes",
            stacklevel=_CALLER,
        )
