"""Processing as a model's user hands it over: the manifest's table with files, and raw inputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.errors import BundleError, InputError, ModelError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing import Processing, check_processing
from edgeattn_runtime.processing.preparation import Preparation

TOKENIZER_FILE = "tokenizer.json"

# A float input made by other code than a device's may differ by its rounding.
_RELATIVE, _ABSOLUTE = 1e-5, 1e-6
_LOGARITHMS = 1e-3  # absolute: the logarithm of a faint energy makes more of its rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProcessing:
    """What stands between an app's data and the model's inputs.

    Attributes:
        processing: What the manifest says of it.
        paths: The user's files, by their names in the bundle.
        raw: What ``prepare`` takes, by sample in the order of the samples; empty where it is not given.
    """

    processing: Processing
    paths: Mapping[str, Path]
    raw: Iterable[Mapping[str, object]] = ()

    @classmethod
    def read(cls, table: Mapping[str, object], raw: Iterable[Mapping[str, object]] = ()) -> OwnProcessing:
        """Read the manifest's ``processing``, but with the path of a file in place of its name.

        Raises:
            ModelError: It breaks a rule of the manifest, or there is no such file.
        """
        table, paths = dict(table), {}
        text = table.get("text")
        if isinstance(text, Mapping) and "tokenizer" in text:
            paths[TOKENIZER_FILE] = _file("processing.text.tokenizer", text["tokenizer"])
            table["text"] = {**text, "tokenizer": TOKENIZER_FILE}
        try:
            processing = Processing.from_field(Field("processing", _plain(table)))
        except BundleError as error:
            raise ModelError(f"{error}; see runtime/README.md") from error
        return cls(processing=processing, paths=paths, raw=raw)

    def files(self) -> dict[str, bytes]:
        """Return the contents of its files by their names in the bundle."""
        return {name: path.read_bytes() for name, path in self.paths.items()}

    def check(self, model: str, graph: Graph, samples: Samples) -> None:
        """Check that the model has what it names, and that raw inputs become the samples.

        Raises:
            ModelError: It names what the model has not, or a raw input is refused or becomes another sample.
            EdgeAttnError: An extra that prepares it is not installed.
        """
        try:
            check_processing(self.processing, [graph], self.paths)
        except BundleError as error:
            raise ModelError(str(error)) from error
        audio = self.processing.audio
        log_mel = audio.input if audio is not None and audio.log_mel is not None else None
        preparation = Preparation(model, self.processing, [graph], self.paths.__getitem__)
        for i, (raw, sample) in enumerate(zip(islice(self.raw, len(samples)), samples, strict=False)):
            if not isinstance(raw, Mapping):
                raise ModelError(
                    f"raw input {i}: {type(raw).__name__} found, a dict such as image=... expected"
                )
            try:
                with warnings.catch_warnings(action="ignore"):  # a text that is cut is cut in its sample too
                    prepared = preparation.inputs(**raw)
            except InputError as error:
                raise ModelError(f"raw input {i} cannot be prepared: {error}") from error
            for name, array in prepared.items():
                absolute = _LOGARITHMS if name == log_mel else _ABSOLUTE
                _check_same(f"raw input {i}: {name!r}", array, np.asarray(sample.inputs[name]), absolute)


def _check_same(
    label: str, prepared: NDArray[np.generic], sample: NDArray[np.generic], absolute: float
) -> None:
    if (prepared.dtype, prepared.shape) != (sample.dtype, sample.shape):
        raise ModelError(
            f"{label} becomes {prepared.dtype} {list(prepared.shape)}, but the sample holds {sample.dtype} "
            f"{list(sample.shape)}; make processing and samples() agree"
        )
    different = ~np.isclose(prepared, sample, rtol=_RELATIVE, atol=absolute)
    if different.any():
        raise ModelError(
            f"{label} becomes {prepared[different][0]}, but the sample holds {sample[different][0]}; make "
            "processing and samples() agree"
        )


def _file(key: str, value: object) -> Path:
    if not isinstance(value, str | Path) or not Path(value).is_file():
        raise ModelError(f"{key}: {value!r} found, the path of a file expected")
    return Path(value)


def _plain(value: object) -> object:
    """Return a value as JSON has it: tuples are lists."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
