"""A host's request, read value by value as a bundle's manifest is: what is not as it must be is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgeattn_runtime.bundle.engine_options import options_of
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.bundle.variant import providers_of
from edgeattn_runtime.fields import Field, Scalar
from edgeattn_runtime.timing.interleaved import Clock, Pace, Rounds

_SHA256 = re.compile("[0-9a-f]{64}")
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")  # as a manifest has it
_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_CLOCKS = re.compile("wall|processor|cost")
_THREADS = 1024  # at most
_ROUNDS = 1_000_000  # at most
_PAUSE = 60.0  # seconds at most
_WARMING = 600.0  # seconds at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a file, whose bytes come beside the request.

    Attributes:
        sha256: Of the whole file, in hex.
        start: Where it begins.
        size: Of the whole file, in bytes.
    """

    sha256: str
    start: int
    size: int

    @classmethod
    def from_field(cls, value: Field) -> Piece:
        """Read it."""
        fields = value.record(*cls.__dataclass_fields__)
        return cls(
            sha256=_digest(fields["sha256"]), start=fields["start"].integer(0), size=fields["size"].integer(0)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSpec:
    """A graph to open.

    Attributes:
        name: Of its ONNX file, one of ``files``.
        files: By name, the sha256 of each.
        providers: Execution providers in order.
        options: Of the session and its providers, of those that a bundle may have.
        settings: Of the session, with no more threads than this device has cores for.
    """

    name: str
    files: Mapping[str, str]
    providers: tuple[str, ...]
    options: Mapping[str, Scalar]
    settings: SessionSettings

    @classmethod
    def from_field(cls, value: Field) -> GraphSpec:
        """Read it."""
        fields = value.record(*cls.__dataclass_fields__)
        files = files_of(fields["files"])
        if fields["name"].text() not in files:
            raise fields["name"].refusal("the name of one of its files")
        settings = SessionSettings.from_field(fields["settings"])
        _threads(fields["settings"].table()["threads"])
        return cls(
            name=fields["name"].text(),
            files=files,
            providers=providers_of(fields["providers"]),
            options=options_of(fields["options"]),
            settings=settings.here(),
        )


@dataclass(frozen=True, slots=True)
class CallSpec:
    """A graph called with inputs: a safetensors file, by its sha256."""

    graph: GraphSpec
    inputs: str

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
class TimingSpec:
    """Calls to be timed side by side, for as many rounds."""

    calls: Sequence[CallSpec | CallsSpec]
    clock: Clock
    rounds: Rounds

    @classmethod
    def from_field(cls, value: Field) -> TimingSpec:
        """Read it."""
        fields = value.record("calls", "clock", "rounds")
        calls = [call_of(each) for each in fields["calls"].items(least=1)]
        return cls(calls, _clock(fields["clock"]), _rounds(fields["rounds"]))


@dataclass(frozen=True, slots=True)
class RaceSpec:
    """Calls to be raced: warmed up until they get no faster."""

    calls: Sequence[CallSpec | CallsSpec]
    pace: Pace

    @classmethod
    def from_field(cls, value: Field) -> RaceSpec:
        """Read it."""
        fields = value.record("calls", "pace")
        calls = [call_of(each) for each in fields["calls"].items(least=1)]
        return cls(calls, _pace(fields["pace"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSpec:
    """A bundle to benchmark.

    Attributes:
        files: By path, the sha256 of each.
        threads: Numbers of intra-op threads; none takes what the bundle says.
        target: One of the bundle's; None takes the first that runs here.
        rounds: Counted calls of each golden sample.
        kernels: As ``load`` has it.
    """

    files: Mapping[str, str]
    threads: Sequence[int]
    target: str | None
    rounds: int
    kernels: bool

    @classmethod
    def from_field(cls, value: Field) -> BenchSpec:
        """Read it."""
        fields = value.record(*cls.__dataclass_fields__)
        target = fields["target"]
        return cls(
            files=files_of(fields["files"]),
            threads=[_threads(each) for each in fields["threads"].items()],
            target=None if target.value is None else target.text(_TARGET, "a target's name"),
            rounds=_at_most(fields["rounds"], _ROUNDS, least=1),
            kernels=fields["kernels"].flag(),
        )


def call_of(value: Field) -> CallSpec | CallsSpec:
    """Read a call, or several as one."""
    if "calls" in value.table():
        fields = value.record("calls", "in_turn")
        calls = [call_of(each) for each in fields["calls"].items(least=1)]
        return CallsSpec(calls, fields["in_turn"].flag())
    fields = value.record("graph", "inputs")
    return CallSpec(GraphSpec.from_field(fields["graph"]), _digest(fields["inputs"]))


def files_of(value: Field) -> dict[str, str]:
    """Read files by their paths, each of which stays in its folder."""
    files = value.table()
    for path, digest in files.items():
        if not _PATH.fullmatch(path):
            raise Field(digest.key, path).refusal("a path of A-Z a-z 0-9 . _ -, its parts joined by /")
    return {path: _digest(digest) for path, digest in files.items()}


def _clock(value: Field) -> Clock:
    fields = value.record("kind", "threads", "pause")
    kind = fields["kind"].text(_CLOCKS, "wall, processor or cost")
    pause = fields["pause"].number()
    if not 0 <= pause <= _PAUSE:
        raise fields["pause"].refusal(f"0 to {_PAUSE:.0f} seconds")
    return Clock(kind, _threads(fields["threads"]), pause)  # type: ignore[arg-type]


def _rounds(value: Field) -> Rounds:
    """Read how often calls are made; no seconds are as many as it takes."""
    fields = value.record("least", "most", "seconds", "warmup")
    seconds = fields["seconds"]
    return Rounds(
        least=_at_most(fields["least"], _ROUNDS, least=1),
        most=_at_most(fields["most"], _ROUNDS, least=1),
        seconds=math.inf if seconds.value is None else seconds.number(),
        warmup=_at_most(fields["warmup"], _ROUNDS, least=0),
    )


def _pace(value: Field) -> Pace:
    fields = value.record("rounds", "unit", "window", "seconds")
    seconds = fields["seconds"].number()
    if not 0 <= seconds <= _WARMING:
        raise fields["seconds"].refusal(f"0 to {_WARMING:.0f} seconds")
    rounds, unit, window = (_at_most(fields[name], _ROUNDS, least=1) for name in ("rounds", "unit", "window"))
    return Pace(rounds, unit, window, seconds)


def _digest(value: Field) -> str:
    return value.text(_SHA256, "64 hexadecimal digits")


def _threads(value: Field) -> int:
    return _at_most(value, _THREADS, least=1)


def _at_most(value: Field, most: int, *, least: int) -> int:
    if value.integer(least) > most:
        raise value.refusal(f"an integer from {least} to {most:,}")
    return value.integer(least)
