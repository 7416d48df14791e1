"""The options of generation: their names, limits and defaults, and that a caller goes before a bundle.

To add one: a line in ``GenerationOptions`` and one in ``NamedOptions``; where a bundle may have it, its place
in runtime/manifest.schema.json; and a field of its name in a record of ``decoding`` that heeds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypedDict, TypeVar, cast

from edgeattn_runtime.bundle.option_kinds import Count, Ending, Kind, Number, Tokens, TokenSequences
from edgeattn_runtime.errors import BundleError, InputError, ModelError
from edgeattn_runtime.fields import Field

_Record = TypeVar("_Record")


class NamedOptions(TypedDict, total=False):
    """What ``GenerationOptions`` takes, for calls that take the same by name."""

    start: Iterable[int] | None
    stop: Iterable[int] | None
    stop_sequences: Iterable[Iterable[int]] | None
    max_new_tokens: int | None
    num_beams: int | None
    num_return_sequences: int | None
    length_penalty: float | None
    early_stopping: bool | Literal["never"] | None
    repetition_penalty: float | None
    temperature: float | None
    top_k: int | None
    top_p: float | None
    seed: int | None


def _option(kind: Kind, summary: str, otherwise: object = None, *, bundled: bool = True) -> Any:
    """Return a field of an option."""
    entry = {"kind": kind, "summary": summary, "otherwise": otherwise, "bundled": bundled}
    return field(default=None, metadata=entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """How tokens are generated; None leaves an option to the bundle, and else to the default in brackets.

    Attributes:
        start: Token ids that begin an encoder-decoder's answer, at least one; none for a decoder (none).
        stop: Token ids, each of which ends an answer and is no part of it (none).
        stop_sequences: Several token ids in a row that end it, each sequence of at least one (none).
        max_new_tokens: The most new tokens, at least 1 (as many as there are positions).
        num_beams: 1 to 8 sequences that are continued together for each prompt, the likeliest; 1 is greedy,
            or drawn (1).
        num_return_sequences: The most to return for each prompt, at most ``num_beams`` (1).
        length_penalty: The power of the length in a score: above 0 favors long sequences, below 0 short ones
            (1).
        early_stopping: True ends a prompt's beams when there are ``num_beams`` ended sequences; False when,
            besides, none could score better at its length now; "never" when none could at any length (False).
        repetition_penalty: Above 1 makes tokens that were there before less likely, a decoder's prompt
            included; below 1 more likely (1).
        temperature: 0 is greedy: the likeliest token, of a tie the lowest. Above, tokens are drawn (0).
        top_k: Draw from this many of the likeliest tokens (all).
        top_p: Draw from the fewest of the likeliest tokens that hold this share, above 0 and at most 1 (all).
        seed: Of ``numpy.random.default_rng``: the same seed draws the same tokens, of prompt i those of
            ``seed + i``; without, each call draws anew.

    Raises:
        InputError: An option is out of its limits.
    """

    start: Iterable[int] | None = _option(Tokens(), "tokens that an encoder-decoder's answer begins with", ())
    stop: Iterable[int] | None = _option(Tokens(), "tokens that end an answer", ())
    stop_sequences: Iterable[Iterable[int]] | None = _option(
        TokenSequences(), "tokens in a row that end an answer; may be repeated", (), bundled=False
    )
    max_new_tokens: int | None = _option(Count(1), "the most new tokens (all positions)")
    num_beams: int | None = _option(Count(1, 8), "sequences continued together, 1 to 8 (1)", 1)
    num_return_sequences: int | None = _option(
        Count(1), "sequences to show for each prompt (1)", 1, bundled=False
    )
    length_penalty: float | None = _option(Number(), "of beams: above 0 favors long sequences (1)", 1.0)
    early_stopping: bool | Literal["never"] | None = _option(
        Ending(), "whether as many ended sequences as beams end a search (false)", otherwise=False
    )
    repetition_penalty: float | None = _option(Number(above=0), "above 1, tokens repeat less (1)", 1.0)
    temperature: float | None = _option(Number(least=0), "above 0, tokens are drawn (0)", 0.0)
    top_k: int | None = _option(Count(1), "draw from so many of the likeliest tokens (all)")
    top_p: float | None = _option(
        Number(above=0, most=1), "draw from the likeliest tokens that hold this share (all)"
    )
    seed: int | None = _option(Count(0), "the same seed draws the same tokens", bundled=False)

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None:
                object.__setattr__(self, each.name, each.metadata["kind"].check(each.name, value))

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) is not None for each in fields(self))

    def over(self, others: GenerationOptions) -> GenerationOptions:
        """Return these, and where they say nothing the others: who is asked first goes before.

        Beams draw nothing: others' beams do not hold where these draw, nor others' temperature where these
        ask for beams.
        """
        if (self.temperature or 0) > 0 and (others.num_beams or 1) > 1:
            others = replace(others, num_beams=None)
        if (self.num_beams or 1) > 1 and (others.temperature or 0) > 0:
            others = replace(others, temperature=None)
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(others, **{name: value for name, value in own.items() if value is not None})

    def part(self, record: type[_Record]) -> _Record:
        """Return a dataclass whose fields are some of these options."""
        return record(**{name: getattr(self, name) for name in record.__dataclass_fields__})  # type: ignore[attr-defined]

    def to_table(self) -> dict[str, object]:
        """Return what a manifest holds of it, in its order."""
        named = {name: getattr(self, name) for name in _BUNDLED}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in named.items()
            if value is not None
        }

    @classmethod
    def parse(cls, words: Mapping[str, Any]) -> GenerationOptions:
        """Return what the words of a command line say, by option; None says nothing.

        Raises:
            InputError: A word is no value of its option, or out of the option's limits.
        """
        options: dict[str, object] = {}
        for name in OPTIONS:
            said, kind = words.get(name), cast("Kind", OPTIONS[name]["kind"])
            if said is None:
                continue
            options[name] = (
                [_parsed(name, kind, each) for each in said]
                if kind.is_repeated
                else _parsed(name, kind, said)
            )
        return cls(**options)  # type: ignore[arg-type]

    @classmethod
    def read(cls, table: Mapping[str, object]) -> GenerationOptions:
        """Read what a model's author says.

        Raises:
            ModelError: An option is unknown or out of its limits, or beams are to draw.
        """
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}
        try:
            return cls.from_field(Field("generation", plain))
        except BundleError as error:
            raise ModelError(f"{error}; see runtime/README.md") from error

    @classmethod
    def from_field(cls, field: Field) -> GenerationOptions:
        """Read the manifest's ``generation.defaults``.

        Raises:
            BundleError: There is no option, one that is unknown or out of its limits, or beams that draw.
        """
        table = field.record(optional=_BUNDLED)
        if not table:
            raise field.refusal("at least one setting")
        options = cls(**{name: OPTIONS[name]["kind"].read(each) for name, each in table.items()})
        if (options.num_beams or 1) > 1 and options.temperature:
            raise table["temperature"].refusal("0 beside num_beams, as beams draw nothing,")
        return options


def _parsed(name: str, kind: Kind, word: str) -> object:
    try:
        return kind.parse(word)
    except ValueError as error:
        flag = name.replace("_", "-")
        raise InputError(f"--{flag}: {word!r} found, {kind} expected") from error


OPTIONS: Mapping[str, Mapping[str, Any]] = {each.name: each.metadata for each in fields(GenerationOptions)}
_BUNDLED = tuple(name for name, entry in OPTIONS.items() if entry["bundled"])
NO_OPTIONS = GenerationOptions()
OTHERWISE = GenerationOptions(**{name: entry["otherwise"] for name, entry in OPTIONS.items()})
