"""The way of a model, read in one screen: what was asked and handed over in, a proven bundle out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from edgeattn.bundle import Bundle
from edgeattn.judge.budget import Budget
from edgeattn.judge.choosing import Choice
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation import evaluate
from edgeattn.judge.independence import Trial, independent_rows
from edgeattn.judge.metric_check import check_metric
from edgeattn.judge.objective import FASTEST, Objective
from edgeattn.judge.padding import Padded
from edgeattn.packing import packed
from edgeattn.progress import Progress, Silent
from edgeattn.source.metric import Metric
from edgeattn.source.module import ModuleSource
from edgeattn.source.onnx_file import OnnxSource
from edgeattn.source.source import Source
from edgeattn_export.cache import derive_steps
from edgeattn_export.graph.axes import Dynamic
from edgeattn_export.graph.padding import find_padding
from edgeattn_export.quantize.float_parts import float_parts
from edgeattn_export.recover import recover
from edgeattn_export.search import Bench, Store
from edgeattn_export.targets import TARGETS, Target, for_target
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.machine import Machine


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of an export.

    Attributes:
        target: What the bundle is for.
        budget: The limits.
        objective: What to minimize within them.
    """

    target: Target
    budget: Budget
    objective: Objective


def run(source: Source, request: Request, progress: Progress) -> Bundle:
    """Take a model to the device: captured, recovered, lowered, made int8, and judged on real samples."""
    progress.stage("samples")
    read = source.read()
    samples, engine = read.split(), request.target.engine
    if source.metric is not None: ...
