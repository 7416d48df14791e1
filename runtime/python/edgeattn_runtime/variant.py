"""A variant: the graphs made for one target, the engine they need, and what was measured of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, cast

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Scalar
from edgeattn_runtime.rows import Stack, check_stack, row_symbols
from edgeattn_runtime.settings import SessionSettings

if TYPE_CHECKING:
    from edgeattn_runtime.manifest import Manifest


_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
_OF_FILES = re.compile("file|path|folder|dir", re.IGNORECASE)  # in the name of an option
_SEPARATOR = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What must be there to run a variant.

    Attributes:
        name: Such as "onnxruntime".
        version: The oldest that runs it, such as "1.23".
        providers: Execution providers in order, at least one.
        options: By the engine's own names; of onnxruntime see ``open_session``. None leads to a file, by
            which a bundle could read and write outside its folder, or load a library.
    """

    name: str
    version: str
    providers: tuple[str, ...]
    options: Mapping[str, Scalar]

    def __str__(self) -> str:
        return f"{self.name} {self.version} with {', '.join(self.providers)}"

    @classmethod
    def from_field(cls, field: Field) -> Engine:
        """Read a variant's ``engine``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            name=fields["name"].text(),
            version=fields["version"].text(_VERSION, 'a version such as "1.23"'),
            providers=tuple(item.text() for item in fields["providers"].items(least=1)),
            options={name: _option(name, item) for name, item in fields["options"].table().items()},
        )


def _option(name: str, field: Field) -> Scalar:
    value = field.scalar()
    if _OF_FILES.search(name) or (isinstance(value, str) and _SEPARATOR.search(value)):
        raise field.refusal("an option that leads to no file")
    return value


_VERDICT = re.compile("pass|fail")
_OPTIONAL = ("session",)


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
        tolerance: The cosine that each golden output must reach.
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
        required = [name for name in cls.__dataclass_fields__ if name not in _OPTIONAL]
        fields = field.record(*required, optional=_OPTIONAL)
        tolerance = fields["tolerance"].record("cosine")
        return cls(
            target=fields["target"].text(),
            engine=Engine.from_field(fields["engine"]),
            files={graph: file.text() for graph, file in fields["files"].table().items()},
            sizes={symbol: size.integer(1) for symbol, size in fields["sizes"].table().items()},
            session=SessionSettings.from_field(fields["session"]) if "session" in fields else None,
            stacks=tuple(Stack.from_field(item) for item in fields["stacks"].items()),
            tolerance={"cosine": tolerance["cosine"].number()},
            scores=fields["scores"].numbers(),
            verdict=cast('Literal["pass", "fail"]', fields["verdict"].text(_VERDICT, '"pass" or "fail"')),
            measured=None if fields["measured"].value is None else fields["measured"].text(),
        )


def check_variant(key: str, variant: Variant, manifest: Manifest) -> None:
    """Check that a variant has every graph of the contract, and fixes and stacks only what the contract has.

    Raises:
        BundleError: In one line, the key at fault, what was found there and what was expected.
    """
    if sorted(variant.files) != sorted(manifest.graphs):
        found, expected = (", ".join(names) or "none" for names in (variant.files, manifest.graphs))
        raise BundleError(f"{key}.files: {found} found, {expected} expected: one file for each graph")
    for graph, file in variant.files.items():
        if file not in manifest.files:
            raise BundleError(f"{key}.files.{graph}: {file!r} is not in files; list it with sha256 and size")
    for symbol, size in variant.sizes.items():
        if symbol not in manifest.symbols:
            expected = ", ".join(manifest.symbols) or "none"
            raise BundleError(f"{key}.sizes: {symbol!r} found, a symbol expected: {expected}")
        if not manifest.symbols[symbol].allows(size):
            raise BundleError(f"{key}.sizes.{symbol}: {size} found, {manifest.symbols[symbol]} expected")
    _check_stacks(key, variant, manifest)


def _check_stacks(key: str, variant: Variant, manifest: Manifest) -> None:
    if manifest.rows is None:
        if variant.stacks:
            raise BundleError(f"{key}.stacks: {len(variant.stacks)} found, none expected without rows")
        return
    known = row_symbols(manifest.graphs[manifest.main_graph].inputs)
    for i, stack in enumerate(variant.stacks):
        check_stack(f"{key}.stacks[{i}]", stack, known, manifest.symbols[manifest.rows.batch])
