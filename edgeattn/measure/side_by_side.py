"""A bundle, its original and the float export, timed side by side in this process."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from edgeattn.measure.race import RACE_SECONDS, race
from edgeattn.measure.runners import runner_of_bundle, runners_of, torch_threads
from edgeattn.measure.shapes import benchmark_inputs
from edgeattn.progress import Progress
from edgeattn.results.latency import COMPILED, Race
from edgeattn.source.original import Original, recapture
from edgeattn.source.source import Source
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Variant
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph import Graph

LONGEST_REASON = 200  # characters of a reason


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What is compared: the original, captured anew, and a variant of the bundle that was made of it."""

    original: Original
    files: BundleFiles
    variant: Variant

    @classmethod
    def of(cls, source: Source, files: BundleFiles, variant: Variant, *, progress: Progress) -> SideBySide:
        """Capture the original; raises BundleError, BadInput as ``recapture`` does."""
        return cls(recapture(source, files, variant, progress=progress), files, variant)

    @property
    def graph(self) -> Graph:
        """The contract of the original."""
        return self.original.captured.graph

    def inputs(self, sizes: Mapping[str, int], *, heads: int) -> list[Inputs]:
        """Return the evaluation samples, or one of them cut and joined to sizes, see ``benchmark_inputs``."""
        real = [sample.inputs for sample in self.original.samples.evaluation]
        return list(benchmark_inputs(real, self.graph, self.original.captured.symbols, sizes, heads=heads))

    def races(
        self, points: Sequence[Sequence[Inputs]], *, threads: Sequence[int], compiled: bool
    ) -> tuple[list[Race], tuple[str, ...]]:
        """Time all at each point and number of threads.

        Returns:
            For each point, and for each number of threads at it, the times; and what could not be timed.
        """
        extra, notes = self._compiled(points[0], threads[0]) if compiled else ({}, ())
        share = RACE_SECONDS / len(points) / len(threads)
        races = {}
        for count in threads:
            int8 = runner_of_bundle(self.files, self.variant, threads=count)
            runners = {**runners_of(self.original.captured, int8, threads=count), **extra}
            with torch_threads(count):
                for i, inputs in enumerate(points):
                    races[i, count] = race(runners, inputs, self.graph, threads=count, seconds=share)
        return [races[i, count] for i in range(len(points)) for count in threads], notes

    def _compiled(
        self, inputs: Sequence[Inputs], threads: int
    ) -> tuple[Mapping[str, Runner], tuple[str, ...]]:
        """Return the original by torch.compile, or why there is none.

        The number of threads becomes part of the code: another one later compiles it again.
        """
        with torch_threads(threads):
            try:
                runner = compiled_runner(self.original.captured.reference, stratified(inputs, 1)[0])
            except BadInput as error:
                return {}, (str(error),)
        return {COMPILED: runner}, ()


def compiled_runner(original: Runner, inputs: Inputs) -> Runner:
    """Return an original compiled for sizes that may vary, once it has answered.

    Raises:
        BadInput: It is no module, or does not compile here; the message says why.
    """
    if not isinstance(original, Reference):
        raise BadInput("torch.compile: not timed: an ONNX file found, a PyTorch module expected")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the compiler says of the user's module, and of PyTorch
            module = cast("nn.Module", torch.compile(original.module, dynamic=True))
            runner = Reference(module, original.call, original.form)
            runner.bind(inputs)()
    except Exception as error:
        raise BadInput(
            f"torch.compile: not timed, it fails here: {_reason(error)}; it takes a C++ compiler and "
            "Python's headers, such as Debian's g++ and python3-dev, and a module that it follows"
        ) from error
    return runner


def _reason(error: BaseException) -> str:
    """Return what a compiler complained of, or else the first line of what stopped PyTorch's."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).splitlines() or [type(error).__name__]
    line = next((line for line in lines if "error: " in line), lines[0])
    return " ".join(line.split())[:LONGEST_REASON]
