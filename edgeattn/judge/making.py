"""The int8 graphs of a model: a recipe is found, judged on other samples, and repaired where it fails."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgeattn.judge.budget import ACCURACY, Budget
from edgeattn.judge.choosing import Wish, choose, goal_of, unmet, words
from edgeattn.judge.metric import Metric
from edgeattn.judge.metric_check import check_metric
from edgeattn.judge.validate import THREADS, accuracy_numbers, judge_all
from edgeattn.measure.device import device
from edgeattn.measure.runners import Runner
from edgeattn.measure.stepped import runner_of_parts
from edgeattn.progress import Progress
from edgeattn.report.report import Accuracy
from edgeattn.source.original import runners_of
from edgeattn_export.cache import Steps
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu.engine import ORT_CPU
from edgeattn_export.quantize.float_parts import float_parts
from edgeattn_export.quantize.parts import Parts, int8_parts
from edgeattn_export.recover import Recovered
from edgeattn_export.search import Bench, Found, Goal, Store
from edgeattn_export.targets.cpu import CANDIDATES, FORMS

REPAIRS = 2  # more exact recipes, where the judged samples ask for more than the calibrating ones did
TIMES = ("never", "once", "twice")
TIGHTER = 0.8  # of the error that the one before had on the calibrating samples


@dataclass(frozen=True, slots=True)
class Made:
    """What is to be timed and packed.

    Attributes:
        parts: The int8 graphs.
        runners: PyTorch, float and int8, by the names of ``edgeattn.measure.runners``.
        found: How their recipe was found.
        accuracy: Over the judged samples.
        notes: Of the search, for the owner.
        binding: What no recipe met on the calibrating samples, in words; for an owner whose budget is missed.
    """

    parts: Parts
    runners: Mapping[str, Runner]
    found: Found
    accuracy: Accuracy
    notes: tuple[str, ...]
    binding: tuple[str, ...] = ()


def make(
    captured: Captured,
    lean: Recovered | Steps,
    samples: tuple[Samples, Samples],
    limits: Budget,
    wish: Wish,
    *,
    metric: Metric | None,
    progress: Progress,
) -> Made:
    """Find a recipe on some samples, follow it, and judge it on others.

    Args:
        captured: The float graph as exported, and its reference.
        lean: What is made int8: the recovered graph, or a decoder's step form.
        samples: Those that calibrate, and those that judge.
        limits: The budget.
        wish: What the owner asks for beside it.
        metric: The owner's; None where there is none.
        progress: Told of the stages and steps.

    Raises:
        BadInput: A recipe that cannot be followed, a metric that fails or that these samples are too few
            for, or weights that are not finite.
    """
    calibrating, judged = samples
    if metric is not None:
        check_metric(metric, captured.reference, judged, limits)
    bench = Bench(CANDIDATES, device(), Store.of_user())
    selection = calibrating[1::2] or calibrating
    floats = float_parts(captured, lean, calibrating[::2], selection, engine=ORT_CPU, forms=FORMS)
    asked = goal_of(limits, wish, captured, calibrating, bench)
    goal = replace(asked, size_mb=min(asked.size_mb, wish.size_mb))
    tried: list[tuple[Found, Accuracy]] = []

    def written(found: Found) -> tuple[Parts, Mapping[str, Runner]]:
        parts = int8_parts(floats, found.chosen.recipe)
        return parts, runners_of(captured, runner_of_parts(parts, threads=THREADS), threads=THREADS)

    while True:
        progress.stage("quantize")
        gc.collect()  # a graph's nodes and values refer to one another, so that counting alone frees none
        found = choose(floats, goal, wish, bench, progress)
        parts, runners = written(found)
        accuracy = judge_all(captured, runners, judged, metric=metric, progress=progress)
        tried.append((found, accuracy))
        # A goal that is missed already finds nothing else where it is made narrower.
        is_final = wish.recipe is not None or len(tried) > REPAIRS or found.missed
        if is_final or _is_exact(limits, asked, accuracy):
            break
        goal = goal.tightened(TIGHTER * goal.used_by(found.chosen))
        del parts, runners  # before the next ones take as much memory
    best = max(tried, key=lambda each: (_is_exact(limits, asked, each[1]), each[1].cosine_min))
    if best != tried[-1]:
        parts, runners = written(best[0])
    found, accuracy = best
    times = tried.index(best)
    repaired = (f"Made more exact {TIMES[times]}, as the judged samples ask for it.",) if times else ()
    notes = (*words(found, parts, bench.store), *repaired)
    return Made(parts, runners, found, accuracy, notes, unmet(found, asked))


def _is_exact(limits: Budget, asked: Goal, accuracy: Accuracy) -> bool:
    """Say whether what is stated is met, and what is aimed at where nothing is."""
    checks = limits.checks(accuracy_numbers(accuracy), only=ACCURACY)
    reached = accuracy.cosine_mean >= asked.cosine_mean and accuracy.cosine_min >= asked.cosine_min
    return reached and all(check.ok for check in checks)
