"""A variant: the graphs made for one target, the engine they need, and what was measured of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Literal

from edgeattn_runtime.bundle.engine_options import ENGINES, KERNELS_OPTION, options_of
from edgeattn_runtime.bundle.rows import Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.fields import Field, Positive, Record, Scalar, choice, some

_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")


def _any_options(field: Field) -> dict[str, Scalar]:
    return {name: item.scalar() for name, item in field.table().items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine(Record):
    """What must be there to run a variant.

    Attributes:
        name: Such as "onnxruntime".
        version: The oldest that runs it, such as "1.23".
        providers: Execution providers in order, at least one.
        options: By the engine's own names; of onnxruntime see ``open_session``, and
            ``edgeattn_runtime.bundle.engine_options`` for which of them.
    """

    name: str
    version: Annotated[str, partial(Field.text, pattern=_VERSION, meaning='a version such as "1.23"')]
    providers: Annotated[tuple[str, ...], some(Field.text)]
    options: Annotated[Mapping[str, Scalar], _any_options]

    def __str__(self) -> str:
        return f"{self.name} {self.version} with {', '.join(self.providers)}"

    def without_kernels(self) -> Engine:
        """Return the same for only stock operators, see ``edgeattn_runtime.engine.kernels``."""
        return (
            replace(self, options={**self.options, KERNELS_OPTION: 0})
            if KERNELS_OPTION in self.options
            else self
        )

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check options that a reader hands to the engine."""
        if self.name in ENGINES:
            options_of(values["options"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Record):
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
    sizes: Mapping[str, Positive]
    session: SessionSettings | None = None
    stacks: tuple[Stack, ...] = ()
    tolerance: Mapping[str, Annotated[float, Field.above_zero]]
    scores: Mapping[str, float]
    verdict: Annotated[Literal["pass", "fail"], choice("pass", "fail")]
    measured: str | None
