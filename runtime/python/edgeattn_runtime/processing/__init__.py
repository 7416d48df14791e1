"""What stands between an app's data and the arrays of a call, a file for each kind of data."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing.audio import Audio, Sound
from edgeattn_runtime.processing.image import Image
from edgeattn_runtime.processing.labels import Label, Labels
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.prediction import Prediction, Reader
from edgeattn_runtime.processing.readers import read_reader
from edgeattn_runtime.processing.series import Series
from edgeattn_runtime.processing.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """All that stands between the app's data and the arrays of a call."""

    text: Text | None = None
    image: Image | None = None
    audio: Audio | None = None
    series: Series | None = None
    labels: Labels | None = None
    prediction: Reader | None = None

    def __str__(self) -> str:
        parts = (self.text, self.image, self.audio, self.series, self.labels)
        return "; ".join(str(part) for part in parts if part is not None)

    @property
    def prediction_needs(self) -> frozenset[str]:
        """What ``Model.predictions`` must be given besides the outputs."""
        needs = frozenset(() if self.prediction is None else self.prediction.needs)
        is_laid = self.image is not None and self.image.is_laid
        return needs | {"size"} if is_laid and isinstance(self.prediction, Objects) else needs

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: asdict(part) if isinstance(part, Series | Labels) else part.to_table()
            for name, part in parts.items()
            if part is not None
        }

    @classmethod
    def from_field(cls, field: Field) -> Processing:
        """Read the manifest's ``processing``."""
        fields = field.record(optional=tuple(cls.__dataclass_fields__))
        if not fields:
            raise field.refusal("text, image, audio, series, labels or prediction")
        return cls(
            text=Text.from_field(fields["text"]) if "text" in fields else None,
            image=Image.from_field(fields["image"]) if "image" in fields else None,
            audio=Audio.from_field(fields["audio"]) if "audio" in fields else None,
            series=Series.from_field(fields["series"]) if "series" in fields else None,
            labels=Labels.from_field(fields["labels"]) if "labels" in fields else None,
            prediction=read_reader(fields["prediction"]) if "prediction" in fields else None,
        )


def check_processing(processing: Processing, graphs: Iterable[Graph], files: Container[str]) -> None:
    """Check that the inputs, outputs and files that ``processing`` names are there, and can be what it says.

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
    if processing.text is not None:
        if processing.text.tokenizer not in files:
            raise BundleError(
                f"processing.text.tokenizer: {processing.text.tokenizer!r} is not in files; list it there"
            )
        processing.text.check(inputs)
    if processing.image is not None:
        processing.image.check(inputs)
    if processing.audio is not None:
        processing.audio.check(inputs)
    if processing.series is not None:
        processing.series.check(inputs, outputs)
    if processing.labels is not None:
        processing.labels.check(outputs)
    if processing.prediction is not None:
        processing.prediction.check(processing.labels, outputs)
        needs = processing.prediction.needs
        if "text" in needs and processing.text is None:
            raise BundleError("processing.text: missing; expected by processing.prediction")
        if "pair" in needs and processing.text is not None and processing.text.pair is None:
            raise BundleError("processing.text.pair: missing; expected by processing.prediction")


__all__ = [
    "Audio",
    "Image",
    "Label",
    "Labels",
    "Prediction",
    "Processing",
    "Series",
    "Sound",
    "Text",
    "check_processing",
]
