"""A host's request, read value by value as a bundle's manifest is: what is not as it must be is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from edgeattn_runtime.bundle.engine_options import options_of
from edgeattn_runtime.bundle.files import PATH
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.fields import Field, Natural, Record, Scalar, Sha256, choice, integer, read_sha256, some
from edgeattn_runtime.timing.interleaved import Clock, Pace, Rounds

_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_clock_kind = choice("wall", "processor", "cost", expected="wall, processor or cost")
_ROUNDS = 1_000_000  # at most
_PAUSE = 60.0  # seconds at most
_WARMING = 600.0  # seconds at most
_threads, _repeats = integer(1, 1024), integer(1, _ROUNDS)


def files_of(field: Field) -> dict[str, str]:
    """Read files by their paths, each of which stays in its folder."""
    files = field.table()
    for path, digest in files.items():
        if not PATH.fullmatch(path):
            raise Field(digest.key, path).refusal("a path of A-Z a-z 0-9 . _ -, its parts joined by /")
    return {path: read_sha256(digest) for path, digest in files.items()}


def call_of(field: Field) -> CallSpec | CallsSpec:
    """Read a call, or several as one."""
    if "calls" in field.table():
        fields = field.record("calls", "in_turn")
        return CallsSpec(some(call_of)(fields["calls"]), fields["in_turn"].flag())
    return CallSpec.from_field(field)


def _settings(field: Field) -> SessionSettings:
    settings = SessionSettings.from_field(field)
    _threads(field.table()["threads"])
    return settings.here()


def _clock(field: Field) -> Clock:
    fields = field.record("kind", "threads", "pause")
    kind, pause = _clock_kind(fields["kind"]), fields["pause"].number()
    if not 0 <= pause <= _PAUSE:
        raise fields["pause"].refusal(f"0 to {_PAUSE:.0f} seconds")
    return Clock(kind, _threads(fields["threads"]), pause)


def _rounds(field: Field) -> Rounds:
    """Read how often calls are made; no seconds are as many as it takes."""
    fields = field.record("least", "most", "seconds", "warmup")
    seconds = fields["seconds"]
    return Rounds(
        least=_repeats(fields["least"]),
        most=_repeats(fields["most"]),
        seconds=math.inf if seconds.value is None else seconds.number(),
        warmup=fields["warmup"].integer(0, _ROUNDS),
    )


def _pace(field: Field) -> Pace:
    fields = field.record("rounds", "unit", "window", "seconds")
    seconds = fields["seconds"].number()
    if not 0 <= seconds <= _WARMING:
        raise fields["seconds"].refusal(f"0 to {_WARMING:.0f} seconds")
    rounds, unit, window = (_repeats(fields[name]) for name in ("rounds", "unit", "window"))
    return Pace(rounds, unit, window, seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(Record):
    """A part of a file, whose bytes come with the request; hash and size are of the whole file."""

    sha256: Sha256
    start: Natural
    size: Natural


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSpec(Record):
    """A graph to open: the name of its ONNX file and, by name, the sha256 of all its files."""

    name: str
    files: Annotated[Mapping[str, str], files_of]
    providers: Annotated[tuple[str, ...], some(Field.text)]
    options: Annotated[Mapping[str, Scalar], options_of]
    settings: Annotated[SessionSettings, _settings]

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that its file is there."""
        if self.name not in self.files:
            raise values["name"].refusal("the name of one of its files")


@dataclass(frozen=True, slots=True)
class CallSpec(Record):
    """A graph called with inputs: a safetensors file, by its sha256."""

    graph: GraphSpec
    inputs: Sha256

    @property
    def digests(self) -> Iterator[str]:
        """The contents that it needs."""
        yield from self.graph.files.values()
        yield self.inputs


@dataclass(frozen=True, slots=True)
class CallsSpec:
    """Several calls as one: of which each time the next is made, or else all."""

    calls: Sequence[CallSpec | CallsSpec]
    in_turn: bool

    @property
    def digests(self) -> Iterator[str]:
        """The contents that they need."""
        for call in self.calls:
            yield from call.digests


@dataclass(frozen=True, slots=True)
class TimingSpec(Record):
    """Calls to be timed side by side, for as many rounds."""

    calls: Annotated[Sequence[CallSpec | CallsSpec], some(call_of)]
    clock: Annotated[Clock, _clock]
    rounds: Annotated[Rounds, _rounds]


@dataclass(frozen=True, slots=True)
class RaceSpec(Record):
    """Calls to be raced: warmed up until they get no faster."""

    calls: Annotated[Sequence[CallSpec | CallsSpec], some(call_of)]
    pace: Annotated[Pace, _pace]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSpec(Record):
    """A bundle to benchmark: by path the sha256 of its files, and what ``timing.benchmark.bench`` takes."""

    files: Annotated[Mapping[str, str], files_of]
    threads: Sequence[Annotated[int, _threads]]
    target: Annotated[str, partial(Field.text, pattern=_TARGET, meaning="a target's name")] | None
    rounds: Annotated[int, _repeats]
    kernels: bool
