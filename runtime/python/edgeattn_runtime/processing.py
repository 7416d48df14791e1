"""What an app does before and after a call: tokenize, resize, resample, name the classes.

The Python runtime reads, checks and shows it; to apply it is the app's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph, Tensor

_CHANNELS = re.compile("RGB|BGR|L")
_LAYOUT = re.compile("NCHW|NHWC")
_RESAMPLE = re.compile("nearest|bilinear|bicubic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """How a text becomes inputs.

    Attributes:
        tokenizer: A file of the bundle, such as "tokenizer.json".
        ids: The input of its token ids.
        mask: The input that holds 1 at a token and 0 at padding; None without one.
        types: The input of its segment ids; None without one.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """How an image of 0 to 255 becomes an input: resized, then (value * scale - mean) / std by channel."""

    input: str
    height: int
    width: int
    channels: str
    layout: str
    resample: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.channels} image of {self.height} x {self.width} into {self.input}"

    @classmethod
    def from_field(cls, field: Field) -> Image:
        """Read the manifest's ``processing.image``."""
        fields = field.record(*cls.__dataclass_fields__)
        channels = fields["channels"].text(_CHANNELS, '"RGB", "BGR" or "L"')
        std = _by_channel(fields["std"], channels)
        if min(std) <= 0:
            raise fields["std"].refusal("numbers above 0")
        return cls(
            input=fields["input"].text(),
            height=fields["height"].integer(1),
            width=fields["width"].integer(1),
            channels=channels,
            layout=fields["layout"].text(_LAYOUT, '"NCHW" or "NHWC"'),
            resample=fields["resample"].text(_RESAMPLE, '"nearest", "bilinear" or "bicubic"'),
            scale=fields["scale"].number(),
            mean=_by_channel(fields["mean"], channels),
            std=std,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """How sound becomes an input: ``rate`` samples a second of -1 to 1, in so many channels."""

    input: str
    rate: int
    channels: int

    def __str__(self) -> str:
        return f"audio of {self.rate} Hz, {self.channels} channel(s), into {self.input}"

    @classmethod
    def from_field(cls, field: Field) -> Audio:
        """Read the manifest's ``processing.audio``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            input=fields["input"].text(),
            rate=fields["rate"].integer(1),
            channels=fields["channels"].integer(1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the places along the last axis of an output are called."""

    output: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.names)} labels for {self.output}"

    @classmethod
    def from_field(cls, field: Field) -> Labels:
        """Read the manifest's ``processing.labels``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            output=fields["output"].text(),
            names=tuple(item.text() for item in fields["names"].items(least=1)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """All that stands between the app's data and the main graph's arrays."""

    text: Text | None = None
    image: Image | None = None
    audio: Audio | None = None
    labels: Labels | None = None

    def __str__(self) -> str:
        parts = (self.text, self.image, self.audio, self.labels)
        return "; ".join(str(part) for part in parts if part is not None)

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        return {name: table for name, table in asdict(self).items() if table is not None}

    @classmethod
    def from_field(cls, field: Field) -> Processing:
        """Read the manifest's ``processing``."""
        fields = field.record(optional=tuple(cls.__dataclass_fields__))
        if not fields:
            raise field.refusal("text, image, audio or labels")
        return cls(
            text=Text.from_field(fields["text"]) if "text" in fields else None,
            image=Image.from_field(fields["image"]) if "image" in fields else None,
            audio=Audio.from_field(fields["audio"]) if "audio" in fields else None,
            labels=Labels.from_field(fields["labels"]) if "labels" in fields else None,
        )


def check_processing(processing: Processing, graphs: Iterable[Graph], files: Container[str]) -> None:
    """Check that the inputs, outputs and files that ``processing`` names are there.

    Args:
        processing: What the manifest says.
        graphs: Those that an app calls: the main one, or a generation's.
        files: The manifest's.

    Raises:
        BundleError: In one line, the key at fault, what was found there and what was expected.
    """
    graphs = tuple(graphs)
    inputs = {tensor.name: tensor for graph in graphs for tensor in graph.inputs}
    outputs = {tensor.name: tensor for graph in graphs for tensor in graph.outputs}
    if (text := processing.text) is not None:
        if text.tokenizer not in files:
            raise BundleError(f"processing.text.tokenizer: {text.tokenizer!r} is not in files; list it there")
        for key in ("ids", "mask", "types"):
            _check_name(f"text.{key}", getattr(text, key), inputs)
    if processing.image is not None:
        _check_name("image.input", processing.image.input, inputs)
    if processing.audio is not None:
        _check_name("audio.input", processing.audio.input, inputs)
    if (labels := processing.labels) is not None:
        _check_name("labels.output", labels.output, outputs)
        _check_labels(labels, outputs[labels.output])


def _optional_name(field: Field) -> str | None:
    return None if field.value is None else field.text()


def _by_channel(field: Field, channels: str) -> tuple[float, ...]:
    numbers = tuple(item.number() for item in field.items())
    if len(numbers) != len(channels):
        raise field.refusal(f"{len(channels)} number(s), one a channel of {channels}")
    return numbers


def _check_name(key: str, name: str | None, known: dict[str, Tensor]) -> None:
    if name is not None and name not in known:
        raise BundleError(f"processing.{key}: {name!r} found, one of {', '.join(known)} expected")


def _check_labels(labels: Labels, output: Tensor) -> None:
    last = output.dims[-1] if output.dims else 1
    if len(labels.names) != last:
        raise BundleError(f"processing.labels.names: {len(labels.names)} found, {last} expected by {output}")
