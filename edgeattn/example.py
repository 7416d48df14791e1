"""One real sample, answered by PyTorch and by the bundle without it: in the user's own words, and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edgeattn.judge.insight import answer_text, pretty_text
from edgeattn.measure.runners import THREADS, runner_of_bundle, takes
from edgeattn.measure.variants import engine_of, measurable
from edgeattn.results.bundle import read_report
from edgeattn.source.module import ModuleSource
from edgeattn.source.outputs import refilled
from edgeattn_export.capture.original.reference import Call, Reference
from edgeattn_export.graph.samples import Inputs, Sample
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import IncompatibleRuntimeError

COMPARED_SAMPLES = 100  # other samples at most that one is compared with

Runner = Callable[[Inputs], Mapping[str, NDArray[np.generic]]]


@dataclass(frozen=True, slots=True)
class Example:
    """What ``pretty`` makes of either's outputs.

    Attributes:
        pytorch: In words.
        bundle: In words.
        picture: An SVG of the sample with both; None where it is neither seen nor heard.
    """

    pytorch: str
    bundle: str
    picture: bytes | None = None


def example(bundle: Path, source: ModuleSource) -> Example | None:
    """Answer an evaluation sample twice, the last one of a size that the bundle takes.

    Returns:
        None where the model's file has no ``pretty`` and there is no attention map, or nothing runs here.

    Raises:
        ModelError: ``pretty`` or ``picture`` failed.
    """
    files = open_bundle(bundle)
    report = read_report(files)
    maps = report.attention_maps
    if source.pretty is None and not maps:
        return None
    samples = source.read()
    try:
        variant, *_ = measurable(files.manifest)
    except IncompatibleRuntimeError:  # it is for other devices, and the report says so
        return None
    runner = runner_of_bundle(files, variant, threads=THREADS)
    evaluation = [sample for sample in samples.split().evaluation if takes(runner, sample.inputs)]
    if not evaluation:
        return None
    sample = evaluation[-1]
    reference = Reference(source.module, Call(samples.beginning)).with_form(sample.inputs)
    original = reference.bind(sample.inputs)()
    answers = runner(sample.inputs)
    passed = {name: sample.inputs[argument] for name, argument in reference.passed.items()}
    answer = refilled(original, {**passed, **answers})
    if source.pretty is None:
        texts = [answer_text(each, source.processing) for each in (reference(sample.inputs), answers)]
        words = texts[0], texts[1]
    else:
        words = pretty_text("pretty", source.pretty, original), pretty_text("pretty", source.pretty, answer)
    if source.picture is not None:
        picture = source.picture
        inputs = {name: torch.from_numpy(np.array(array)) for name, array in sample.inputs.items()}
        drawn = pretty_text("picture", lambda outputs: picture(inputs, outputs), answer)
        return Example(*words, drawn.encode())
    # A picture may take a hundred answers, of which an emulator gives one in seconds.
    if report.draft or engine_of(variant).host.emulated:
        return Example(*words)
    attention = maps[-1].output if maps else None  # the deepest layer's, as models return them in order
    return Example(*words, _picture(source, reference, runner, sample, evaluation, words, attention))


def _picture(
    source: ModuleSource,
    reference: Reference,
    runner: Runner,
    sample: Sample,
    evaluation: Sequence[Sample],
    words: tuple[str, str],
    attention: str | None,
) -> bytes | None:
    """Draw a sample by what is known of its processing."""
    from edgeattn.report.pictures import picture_of
    from edgeattn.report.pictures.answered_sample import AnsweredSample

    own = source.processing
    if own is None:
        return None
    target = None if sample.target is None else np.asarray(sample.target)
    original, answers = reference(sample.inputs), runner(sample.inputs)

    def others() -> list[tuple[Inputs, Mapping[str, NDArray[np.generic]], Mapping[str, NDArray[np.generic]]]]:
        every = [each.inputs for each in evaluation if each is not sample][:COMPARED_SAMPLES]
        return [(inputs, reference(inputs), runner(inputs)) for inputs in every]

    return picture_of(
        AnsweredSample(
            processing=own.processing,
            paths=own.paths,
            inputs=sample.inputs,
            original=original,
            bundle=answers,
            words=words,
            target=target,
            attention=attention,
            others=others,
        )
    )
