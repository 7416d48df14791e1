"""What a worker does of a sweep: it identifies a model by its content, and exports a row."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from edgeattn import pipeline
from edgeattn.devices.places import places_on
from edgeattn.judge.request import FASTEST, Request
from edgeattn.results.report import Report
from edgeattn.source.arguments import read_source
from edgeattn.source.source import Source
from edgeattn.stages import staged
from edgeattn.sweep.events import RowProgress
from edgeattn.sweep.row import Model, Outcome, Row
from edgeattn_export.search import Store
from edgeattn_runtime.errors import BundleError, EdgeAttnError, ModelError


def identity_of(source: Source) -> str:
    """Return the sha256 of a model and of all that was handed over with it.

    Raises:
        BadInput: Its samples are not what it takes.
    """
    samples = source.read()
    digest = hashlib.sha256(f"{source.name} {source.sha256} {source.weights_sha256}".encode())
    for sample in chain(samples, samples.continued):
        for name, value in sample.inputs.items():
            digest.update(f"{name} {value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        digest.update(_bytes(sample.target))
    return digest.hexdigest()


def _bytes(target: object) -> bytes:
    if isinstance(target, torch.Tensor):
        target = target.detach().cpu().numpy()
    if isinstance(target, np.ndarray):
        return f"{target.dtype} {target.shape}".encode() + np.ascontiguousarray(target).tobytes()
    return repr(target).encode()


@dataclass(frozen=True, slots=True)
class Identification:
    """The identity of a model, or the reason why it cannot be loaded, in one line."""

    identity: str | None
    reason: str = ""


def identify(model: Model) -> Identification:
    """Load a model, and name it by its content."""
    try:
        with _quiet(), staged(model.name, RowProgress(model.name)):
            return Identification(identity_of(_source(model)))
    except EdgeAttnError as error:
        return Identification(None, _line(error))


def export(row: Row, question: Mapping[str, object]) -> Outcome:
    """Return what a row comes to: remembered in the user's cache, or exported now."""
    store = Store.of_user()
    entry = store.get(question)
    if entry is not None and _is_report(str(entry.get("report"))):
        return Outcome(str(entry["report"]))
    try:
        with _quiet():
            report = _exported(row).to_json()
    except EdgeAttnError as error:
        return Outcome(None, _line(error))
    store.put(question, {"report": report})
    return Outcome(report)


def _exported(row: Row) -> Report:
    progress = RowProgress(row.words)
    progress.stage("load")
    source = _source(row.model)
    limits = {**source.budget, **dict(row.limits)}
    with places_on(() if row.device is None else (row.device,), [row.target]) as places:
        request = Request.read(
            row.target, limits, FASTEST, has_metric=source.metric is not None, places=places
        )
        return pipeline.run(source, request, progress).report


def _source(model: Model) -> Source:
    return read_source(model.path, None if model.samples is None else Path(model.samples))


def _is_report(text: str) -> bool:
    try:
        Report.from_json(text)
    except BundleError:
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a model prints from the table, and what it warns of from the bars.

    Raises:
        ModelError: Its own code interrupts: a worker's tasks hear no Ctrl-C, and this would end the worker.
    """
    try:
        with redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except KeyboardInterrupt as error:
        raise ModelError("KeyboardInterrupt: raised by the model's own code; leave it out") from error


def _line(error: EdgeAttnError) -> str:
    return " ".join(str(error).split())
