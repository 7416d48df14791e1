"""What stands between an app's data and the arrays of a call, a file for each kind of data."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Record, choice
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing.answer_span import AnswerSpan
from edgeattn_runtime.processing.audio import Audio, Sound
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.image import Image
from edgeattn_runtime.processing.labels import Label, Labels
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.prediction import Prediction, Reader
from edgeattn_runtime.processing.series import Series
from edgeattn_runtime.processing.tags import Tags
from edgeattn_runtime.processing.text import Text
from edgeattn_runtime.processing.transcript import Transcript

# The kinds of prediction. To add one, write its reader and list it here.
READERS: Mapping[str, type[Reader]] = {
    str(reader.TAGS["kind"]): reader for reader in (Classes, Transcript, Objects, AnswerSpan, Tags)
}
_kind = choice(*READERS, expected=f"one of {', '.join(READERS)}")


def _read_prediction(field: Field) -> Reader:
    table = field.table()
    if "kind" not in table:
        raise field.refusal("a kind of prediction")
    return READERS[_kind(table["kind"])].from_field(field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing(Record):
    """All that stands between the app's data and the arrays of a call."""

    text: Text | None = None
    image: Image | None = None
    audio: Audio | None = None
    series: Series | None = None
    labels: Labels | None = None
    prediction: Annotated[Reader, _read_prediction] | None = None

    def __str__(self) -> str:
        parts = (self.text, self.image, self.audio, self.series, self.labels)
        return "; ".join(str(part) for part in parts if part is not None)

    @property
    def prediction_needs(self) -> frozenset[str]:
        """What ``Model.predictions`` must be given besides the outputs."""
        needs = frozenset(() if self.prediction is None else self.prediction.needs)
        is_laid = self.image is not None and self.image.is_laid
        return needs | {"size"} if is_laid and isinstance(self.prediction, Objects) else needs

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that there is a part."""
        if not values:
            raise BundleError(
                "processing: {} found, text, image, audio, series, labels or prediction expected"
            )


def check_processing(processing: Processing, graphs: Iterable[Graph], files: Container[str]) -> None:
    """Check that the inputs, outputs and files that ``processing`` names are there; raises BundleError."""
    graphs = tuple(graphs)
    inputs = {tensor.name: tensor for graph in graphs for tensor in graph.inputs}
    outputs = {tensor.name: tensor for graph in graphs for tensor in graph.outputs}
    if processing.text is not None and processing.text.tokenizer not in files:
        raise BundleError(
            f"processing.text.tokenizer: {processing.text.tokenizer!r} is not in files; list it there"
        )
    for part in (processing.text, processing.image, processing.audio):
        if part is not None:
            part.check(inputs)
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
