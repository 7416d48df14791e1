"""A bundle on disk, compared anew with its original, which may have changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from edgeattn.judge.budget import Budget
from edgeattn.judge.compare import SampleScore, counted
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation_set import EvaluationSet, evaluation_set
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.metric_check import check_count
from edgeattn.judge.output_metrics import asked_of
from edgeattn.judge.padding import Padded
from edgeattn.measure.buckets import takes
from edgeattn.measure.contents import files_of
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.runners import THREADS, runner_of_bundle
from edgeattn.measure.variants import engine_of, measurable
from edgeattn.progress import Progress
from edgeattn.results.check import Check, EdgeCase
from edgeattn.source.original import recapture
from edgeattn.source.source import Source
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, SampleSplit
from edgeattn_export.pack.pack import versions
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.manifest import Manifest, Variant

# Yields the score of each of some samples, in their order, wherever int8 is compared with the original.
Scoring = Callable[[Comparison, Runner, Variant, Iterable[Sample]], Iterator[SampleScore]]


@dataclass(frozen=True, slots=True)
class Validation:
    """What a bundle comes to here and now.

    Attributes:
        measures: Over the evaluation samples.
        checks: Of them against the bundle's own budget.
        edge_cases: What users meet besides the samples.
        machine: Where they were measured.
        evaluation: How many samples evaluated.
    """

    measures: Measures
    checks: tuple[Check, ...]
    edge_cases: tuple[EdgeCase, ...]
    machine: Machine
    evaluation: int


def score_here(
    comparison: Comparison, int8: Runner, _: Variant, samples: Iterable[Sample]
) -> Iterator[SampleScore]:
    """Compare samples in this process, one after the other."""
    return comparison.each(comparison.runners(int8), samples)


def revalidate(
    bundle: Path,
    files: BundleFiles,
    source: Source,
    *,
    progress: Progress,
    read_on: bool = False,
    scoring: Scoring = score_here,
) -> dict[str, Validation]:
    """Measure a bundle again on all evaluation samples, and judge it by its own budget.

    Args:
        bundle: Its folder.
        files: The same, opened.
        source: Its original.
        progress: Told of the stages.
        read_on: Whether the samples that follow those of the export, which chose nothing, evaluate too.
        scoring: Where samples are compared.

    Returns:
        By target, of all that can be run here.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model cannot be captured.
        IncompatibleRuntimeError: No variant can be run here.
    """
    variants = {variant.target: variant for variant in reversed(measurable(files.manifest))}
    first = next(reversed(variants.values()))
    comparison, samples = comparison_with(files, source, first, progress)
    measured = _Measured(bundle, files, source, samples, comparison, read_on, scoring)
    return {target: measured.on(variant) for target, variant in reversed(variants.items())}


def comparison_with(
    files: BundleFiles, source: Source, variant: Variant, progress: Progress
) -> tuple[Comparison, SampleSplit]:
    """Return what compares a bundle with its original by the bundle's own budget, and the parts of samples.

    Args:
        files: The bundle.
        source: Its original, captured anew.
        variant: For whose target.
        progress: Told of the stages.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model cannot be captured, or its samples are too few for a limit of the budget.
    """
    original = recapture(source, files, variant, progress=progress)
    captured, samples = original.captured, original.samples
    limits = Budget.read(files.manifest.budget, has_metric=source.metric is not None)
    padded, asked = Padded.of(captured, samples.selection), asked_of(limits, captured.graph)
    check_count(asked, len(samples.evaluation))
    return Comparison(captured, padded, source.metric, progress, asked), samples


@dataclass(frozen=True, slots=True)
class _Measured:
    """A bundle and its original, ready to be compared."""

    bundle: Path
    files: BundleFiles
    source: Source
    samples: SampleSplit
    comparison: Comparison
    read_on: bool
    scoring: Scoring

    def on(self, variant: Variant) -> Validation:
        """Measure one of the bundle's variants, on all samples where that is asked for."""
        comparison, emulated = self.comparison, engine_of(variant).host.emulated
        int8 = runner_of_bundle(self.files, variant, threads=THREADS)
        bounded = emulated and not self.read_on and self.scoring is score_here
        comparison.progress.stage("evaluate")
        with evaluation_set(int8, self.samples.evaluation, comparison.asked, emulated=bounded) as answered:
            return self._on(variant, answered)

    def _on(self, variant: Variant, answered: EvaluationSet) -> Validation:
        comparison, samples, manifest = self.comparison, self.samples, self.files.manifest
        limits = Budget.read(manifest.budget, has_metric=self.source.metric is not None)
        int8, host = answered.int8, engine_of(variant).host
        scores = self._scores(answered, variant)
        comparison.progress.stage("edge cases")
        edge_cases = comparison.edge_cases(
            int8, samples.selection, manifest.rows, manifest.generation, sizes=variant.sizes
        )
        comparison.progress.stage("time")
        weigh = "memory_mb" in limits and host is HERE
        measures = Measures(
            scores=scores,
            latency_ms=None if host.emulated else comparison.race(int8, answered.samples),
            size_mb={"int8": _size_mb(self.files, variant.target)},
            memory_mb=memory_mb(self.bundle, threads=THREADS) if weigh else None,
            golden=variant.tolerance["cosine"],
        )
        checks = limits.checks(measures)
        return Validation(measures, checks, edge_cases, Machine.here(), len(scores.cosine))

    def _scores(self, answered: EvaluationSet, variant: Variant) -> Scores:
        known, int8, comparison = answered.samples, answered.int8, self.comparison
        further = self.source.read_on(self.samples.evaluation) if self.read_on else ()
        every = chain(known, (sample for sample in further if takes(int8, sample.inputs)))
        total = None if self.read_on else len(known)
        stream = self.scoring(comparison, int8, variant, every)
        return comparison.merged(counted(stream, total, comparison.progress))


def _size_mb(files: BundleFiles, target: str) -> float:
    """Return the size of a target's graphs and of the weights beside them, 1 MB = 10^6 bytes."""
    variants = [variant for variant in files.manifest.variants if variant.target == target]
    held = {
        name for variant in variants for graph in variant.files.values() for name in files_of(files, graph)
    }
    return sum(files.manifest.files[name].size for name in held) / 1e6


_SHOWN = 12  # digits of a hash, which tell two apart
_NAMING = ("torch", "onnxscript")  # the tools that name the values of an exported graph


def source_changes(manifest: Manifest, source: Source) -> tuple[str, ...]:
    """Say what of a model has changed since the bundle was made, a line each; what is unknown is not said."""
    found = {"weights": source.weights_sha256, "source": source.sha256}
    words = {
        "weights": f"The weights of {source.name} are not those that the bundle was made of",
        "source": f"The file of {source.name} is not the one that the bundle was made of",
    }
    return tuple(
        f"{words[name]} (sha256 {now[:_SHOWN]}, {str(before)[:_SHOWN]} expected): compared all the same."
        for name, now in found.items()
        if now is not None and (before := manifest.provenance.get(name)) not in (None, now)
    )


def tool_changes(manifest: Manifest) -> tuple[str, ...]:
    """Say which tools that name a graph's values are not those that the bundle was made with, a line each."""
    made, here = manifest.provenance.get("versions"), versions()
    if not isinstance(made, Mapping):
        return ()
    return tuple(
        f"Made with {tool} {made[tool]}, traced with {here[tool]}: where the two name values otherwise, one "
        "module is compared with another; export again to be sure."
        for tool in _NAMING
        if tool in made and made[tool] != here[tool]
    )
