"""A variant: the graphs made for one target, the engine they need, and what was measured of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, cast

from edgeattn_runtime.bundle.engine_options import ENGINES, KERNELS_OPTION, options_of
from edgeattn_runtime.bundle.rows import Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.fields import Field, Scalar

_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_VERDICT = re.compile("pass|fail")
_KERNELSAL = ("session",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What must be there to run a variant.

    Attributes:
        name: Such as "onnxruntime".
        version: The oldest that runs it, such as "1.23".
        providers: Execution providers in order, at least one.
        options: By the engine's own names; of onnxruntime see ``open_session``, and
            ``edgeattn_runtime.bundle.engine_options`` for which of them.
    """

    name: str
    version: str
    providers: tuple[str, ...]
    options: Mapping[str, Scalar]

    def __str__(self) -> str:
        return f"{self.name} {self.version} with {', '.join(self.providers)}"

    def without_kernels(self) -> Engine:
        """Return the same for stock operators alone, see ``edgeattn_runtime.engine.kernels``."""
        return (
            replace(self, options={**self.options, KERNELS_OPTION: 0})
            if KERNELS_OPTION in self.options
            else self
        )

    @classmethod
    def from_field(cls, field: Field) -> Engine:
        """Read a variant's ``engine``."""
        fields = field.record(*cls.__dataclass_fields__)
        name, options = fields["name"].text(), fields["options"]
        return cls(
            name=name,
            version=fields["version"].text(_VERSION, 'a version such as "1.23"'),
            providers=providers_of(fields["providers"]),
            options=options_of(options) if name in ENGINES else _any_options(options),
        )


def providers_of(field: Field) -> tuple[str, ...]:
    """Read execution providers in order, at least one."""
    return tuple(item.text() for item in field.items(least=1))


def _above_zero(field: Field) -> float:
    number = field.number()
    if number <= 0:
        raise field.refusal("a finite number above 0")
    return number


def _any_options(field: Field) -> dict[str, Scalar]:
    """Read options of an engine that no reader hands them to."""
    return {name: item.scalar() for name, item in field.table().items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to run the bundle.

    Attributes:
        target: What it was made for, such as "cpu"; the buckets of a target share its name.
        engine: What must be there to run it.
        files: By graph its model file.
        sizes: By symbol the size that its graphs fix; all others stay dynamic.
        session: How its graphs are opened; None leaves it to the device.
        stacks: From the smallest sizes to the largest; rows beyond them run one by one.
        tolerance: By output of the main graph the largest golden error, in units of its spread.
        scores: What was measured of its answers.
        verdict: Whether it met the budget.
        measured: The machine of its figures; None where it was not run.
    """

    target: str
    engine: Engine
    files: Mapping[str, str]
    sizes: Mapping[str, int]
    session: SessionSettings | None = None
    stacks: tuple[Stack, ...] = ()
    tolerance: Mapping[str, float]
    scores: Mapping[str, float]
    verdict: Literal["pass", "fail"]
    measured: str | None

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        table = asdict(self)
        if self.session is None:
            del table["session"]
        return table

    @classmethod
    def from_field(cls, field: Field) -> Variant:
        """Read one entry of the manifest's ``variants``."""
        required = [name for name in cls.__dataclass_fields__ if name not in _KERNELSAL]
        fields = field.record(*required, optional=_KERNELSAL)
        return cls(
            target=fields["target"].text(),
            engine=Engine.from_field(fields["engine"]),
            files={graph: file.text() for graph, file in fields["files"].table().items()},
            sizes={symbol: size.integer(1) for symbol, size in fields["sizes"].table().items()},
            session=SessionSettings.from_field(fields["session"]) if "session" in fields else None,
            stacks=tuple(Stack.from_field(item) for item in fields["stacks"].items()),
            tolerance={name: _above_zero(error) for name, error in fields["tolerance"].table().items()},
            scores=fields["scores"].numbers(),
            verdict=cast('Literal["pass", "fail"]', fields["verdict"].text(_VERDICT, '"pass" or "fail"')),
            measured=None if fields["measured"].value is None else fields["measured"].text(),
        )
