"""The options of generation: their names, limits and defaults, and that a caller goes before a bundle.

They are those of runtime/generation.schema.json; ``decoding`` heeds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from inspect import cleandoc
from typing import Any, Literal, Protocol, TypedDict, cast

from edgeattn_runtime.bundle.option_kinds import Count, Ending, Kind, Number, Tokens, TokenSequences
from edgeattn_runtime.errors import BundleError, InputError, ModelError
from edgeattn_runtime.fields import Field


class NamedOptions(TypedDict, total=False):
    """What ``GenerationOptions`` takes, for calls that take the same by name."""

    # written by runtime/generation.py: python_names
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
    # written: end


class SettledOptions(Protocol):
    """``GenerationOptions`` in which nothing is left open that has a default."""

    # written by runtime/generation.py: python_settled
    start: Iterable[int]
    stop: Iterable[int]
    stop_sequences: Iterable[Iterable[int]]
    max_new_tokens: int | None
    num_beams: int
    num_return_sequences: int
    length_penalty: float
    early_stopping: bool | Literal["never"]
    repetition_penalty: float
    temperature: float
    top_k: int | None
    top_p: float | None
    seed: int | None
    # written: end


def _option(kind: Kind, summary: str, otherwise: object, *, bundled: bool = True) -> Any:
    """Return the field of an option that a bundle may have too."""
    entry = {"kind": kind, "summary": summary, "otherwise": otherwise, "bundled": bundled}
    return field(default=None, metadata=entry)


_callers = partial(_option, bundled=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """How tokens are generated; None leaves an option to the bundle, and else to the default in brackets.

    Where as many sequences have ended as there are beams, an ``early_stopping`` of True ends the search,
    False where besides none could score better at its length now, "never" where none could at any length.

    Raises:
        InputError: An option is out of its limits.
    """

    # written by runtime/generation.py: python_fields
    start: Iterable[int] | None = _option(
        Tokens(), "token ids that begin an encoder-decoder's answer, at least one (none)", ()
    )
    stop: Iterable[int] | None = _option(
        Tokens(), "token ids, each of which ends an answer and is no part of it (none)", ()
    )
    stop_sequences: Iterable[Iterable[int]] | None = _callers(
        TokenSequences(), "several token ids in a row that end it (none)", ()
    )
    max_new_tokens: int | None = _option(
        Count(least=1), "the most new tokens (as many as there are positions)", None
    )
    num_beams: int | None = _option(
        Count(least=1, most=8), "1 to 8 sequences are continued together, the likeliest (1)", 1
    )
    num_return_sequences: int | None = _callers(
        Count(least=1), "the most to return for each prompt, at most as many as there are beams (1)", 1
    )
    length_penalty: float | None = _option(
        Number(), "the power of the length in a score: above 0 favors long sequences (1)", 1
    )
    early_stopping: bool | Literal["never"] | None = _option(
        Ending(), "whether as many ended sequences as beams end a search: true, false or never (false)", False
    )
    repetition_penalty: float | None = _option(
        Number(above=0), "above 1 makes tokens that were there before less likely, below 1 more likely (1)", 1
    )
    temperature: float | None = _option(
        Number(least=0), "0 takes the likeliest token, of a tie the lowest; above, tokens are drawn (0)", 0
    )
    top_k: int | None = _option(Count(least=1), "draws from this many of the likeliest tokens (all)", None)
    top_p: float | None = _option(
        Number(above=0, most=1), "draws from the fewest likeliest tokens that hold this share (all)", None
    )
    seed: int | None = _callers(
        Count(least=0), "the same draws the same tokens, of prompt i those of seed + i (drawn anew)", None
    )
    # written: end

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

    def settled(self) -> SettledOptions:
        """Return these, and the defaults in brackets where they say nothing."""
        return cast("SettledOptions", self.over(_OTHERWISE))

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
_OTHERWISE = GenerationOptions(**{name: entry["otherwise"] for name, entry in OPTIONS.items()})
_TEXTS = "".join(f"\n    {name}: {entry['summary']}" for name, entry in OPTIONS.items())
GenerationOptions.__doc__ = f"{cleandoc(GenerationOptions.__doc__ or '')}\n\nAttributes:{_TEXTS}\n"
