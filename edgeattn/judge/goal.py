"""From a user's budget to the search's goal, and from what it found back to words."""

from __future__ import annotations

import math
from statistics import median

import torch

from edgeattn.judge.request import Request
from edgeattn.measure.runners import THREADS, torch_threads
from edgeattn.results.trial import recipe_words
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples, stratified
from edgeattn_export.search import Goal, Rig, SearchResult
from edgeattn_export.search.store import fingerprint
from edgeattn_runtime.latency import processor_milliseconds, take_turns

MARGIN = 0.95  # of a limit on time: clocks differ between two measurements
NO_LIMIT = -1.0  # below every cosine
TIMED, PASSES = 8, 3  # samples of the original, and calls of each


def goal_of(request: Request, captured: Captured, samples: Samples, rig: Rig) -> Goal:
    """Return what the search aims at.

    A budget that is silent on cosines aims at the target's own, higher than the floor of the verdict.

    Args:
        request: The limits, and what to minimize within them.
        captured: With the model as it was handed over, for a limit on the ratio to its time.
        samples: Selection samples.
        rig: Where this time is measured, and remembered.
    """
    limits, (mean, worst) = request.budget.limits, request.target.candidates.aim
    silent = not request.budget.explicit & {"cosine", "cosine_min"}
    milliseconds = [limits.get("latency_ms", math.inf)]
    if "latency_ratio" in limits:
        milliseconds.append(_milliseconds(captured, samples, rig) / limits["latency_ratio"])
    return Goal(
        cosine_mean=mean if silent else limits.get("cosine", NO_LIMIT),
        cosine_min=worst if silent else limits.get("cosine_min", NO_LIMIT),
        latency_ms=MARGIN * min(milliseconds),
        size_mb=limits.get("size_mb", math.inf),
        prefer=request.objective.prefer,
        thorough=bool(request.budget.explicit),
    )


def unmet(search: SearchResult, goal: Goal) -> tuple[str, ...]:
    """Return which limits bind and what came nearest, a line, where the search missed any.

    Args:
        search: With its trials.
        goal: What the user asks for; a refinement may have searched for a tighter one.
    """
    return (_binding(search, goal),) if search.missed and goal.misses(search.chosen) else ()


def _binding(search: SearchResult, goal: Goal) -> str:
    """Say which limits nothing met, what came nearest to each, and what it would have cost."""
    bounds = {
        "cosine": goal.cosine_mean,
        "cosine_min": goal.cosine_min,
        "latency_ms": goal.latency_ms / MARGIN,
        "size_mb": goal.size_mb,
    }
    limits = ", ".join(f"{name}={bounds[name]:.6g}" for name in goal.misses(search.chosen))
    exact = max(search.trials, key=lambda trial: trial.cosine_min)
    fast = min(search.trials, key=lambda trial: trial.latency_ms)
    small = min(search.trials, key=lambda trial: trial.size_mb)
    nearest = dict.fromkeys((exact, fast, small))
    candidates = "; ".join(
        f"{recipe_words(trial.recipe.name)}: cosine {trial.cosine_mean:.5f}, worst {trial.cosine_min:.5f}, "
        f"{trial.latency_ms:.3g} ms, {trial.size_mb:.3g} MB"
        for trial in nearest
    )
    return (
        f"No recipe meets {limits} on the selection samples, with a margin and together with the other "
        f"limits. Nearest: {candidates}. Relax one of the limits."
    )


def _milliseconds(captured: Captured, samples: Samples, rig: Rig) -> float:
    """Return the processor time of the original, p50, one thread."""
    by = f"{type(captured.reference).__name__}, torch {torch.__version__}"
    question = {"original": fingerprint(captured.model, samples), "by": by}
    answer = rig.computed(question, lambda: {"milliseconds": _timed(captured.reference, samples)})
    return float(str(answer["milliseconds"]))


def _timed(original: Runner, samples: Samples) -> float:
    timed = stratified((sample.inputs for sample in samples), TIMED)
    calls = {i: original.bind(inputs) for i, inputs in enumerate(timed)}
    with torch_threads(THREADS):
        times = take_turns(calls, processor_milliseconds, rounds=PASSES, warmup=1)
    return median(time for counted in times.values() for time in counted)
