"""A search of the workshop: from a user's budget to its goal, and from its trials to the report's."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from statistics import median

import torch

from edgeattn.judge.request import Request
from edgeattn.measure.runners import THREADS, torch_threads
from edgeattn.results.limits import r2_of
from edgeattn.results.trial import TrialResult, recipe_words
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples, stratified
from edgeattn_export.search import Goal, Rig, SearchResult, Trial, front
from edgeattn_export.search.goal import NO_LIMIT
from edgeattn_export.search.store import fingerprint
from edgeattn_runtime.timing.latency import processor_milliseconds, take_turns

AIMED_AT = frozenset({"r2", "cosine", "cosine_min"})  # limits that take the place of the target's own aim
TIME_MARGIN = 0.95  # of a limit on time: clocks differ between two measurements
TIMED_SAMPLES = 8  # that the original is timed on
TIMED_PASSES = 3  # over them
RECIPES = "recipes"  # the folder of their files in a bundle
_NAME_LENGTH = 60  # of a file's name, in characters; a recipe's own may be any


def goal_of(request: Request, captured: Captured, samples: Samples, rig: Rig) -> Goal:
    """Return what the search aims at.

    A budget that is silent on R² and cosines aims at the target's own, higher than the floor of the verdict.
    A limit on a cosine is aimed at as the R² of answers around 0; a refinement makes up for others.
    """
    limits, (mean, worst) = request.budget.limits, request.target.candidates.aim
    is_asked = bool(request.budget.explicit & AIMED_AT)
    if is_asked:
        mean = max(limits.get("r2", NO_LIMIT), r2_of(limits.get("cosine", NO_LIMIT)))
        worst = r2_of(limits.get("cosine_min", NO_LIMIT))
    milliseconds = [limits.get("latency_ms", math.inf)]
    if "latency_ratio" in limits:
        milliseconds.append(_milliseconds(captured, samples, rig) / limits["latency_ratio"])
    return Goal(
        r2=mean,
        r2_min=worst,
        latency_ms=TIME_MARGIN * min(milliseconds),
        size_mb=limits.get("size_mb", math.inf),
        prefer=request.objective.prefer,
        thorough=bool(request.budget.explicit),
        is_aim=not is_asked,
    )


def unmet(search: SearchResult, goal: Goal) -> tuple[str, ...]:
    """Return which limits bind, what came nearest to each and what it would have cost, if any was missed.

    Args:
        search: With its trials.
        goal: What the user asks for; a refinement may have searched for a tighter one.

    Returns:
        One line, or none.
    """
    missed = goal.misses(search.chosen) if search.missed else ()
    if not missed:
        return ()
    bounds = {
        "r2": f"r2={goal.r2:.6g}",
        "r2_min": f"r2={goal.r2_min:.6g} of the worst sample",
        "latency_ms": f"latency_ms={goal.latency_ms / TIME_MARGIN:.6g}",
        "size_mb": f"size_mb={goal.size_mb:.6g}",
    }
    limits = ", ".join(bounds[name] for name in missed)
    exact = max(search.trials, key=lambda trial: trial.r2_min)
    fast = min(search.trials, key=lambda trial: trial.latency_ms)
    small = min(search.trials, key=lambda trial: trial.size_mb)
    nearest = dict.fromkeys((exact, fast, small))
    candidates = "; ".join(
        f"{recipe_words(trial.recipe.name)}: r2 {trial.r2:.5f}, worst {trial.r2_min:.5f}, "
        f"{trial.latency_ms:.3g} ms, {trial.size_mb:.3g} MB"
        for trial in nearest
    )
    return (
        f"No recipe meets {limits} on the selection samples, with a margin and together with the other "
        f"limits. Nearest: {candidates}. Relax one of the limits.",
    )


def _milliseconds(captured: Captured, samples: Samples, rig: Rig) -> float:
    """Return the processor time of the original, p50, one thread."""
    original = captured.reference
    by = f"{type(original).__name__}, torch {torch.__version__}"

    def timed() -> dict[str, float]:
        inputs = stratified((sample.inputs for sample in samples), TIMED_SAMPLES)
        calls = {i: original.bind(arrays) for i, arrays in enumerate(inputs)}
        with torch_threads(THREADS):
            times = take_turns(calls, processor_milliseconds, rounds=TIMED_PASSES, warmup=1)
        return {"milliseconds": median(time for counted in times.values() for time in counted)}

    answer = rig.computed({"original": fingerprint(captured.model, samples), "by": by}, timed)
    return float(str(answer["milliseconds"]))


def trial_results(trials: Iterable[Trial], chosen: Trial) -> tuple[TrialResult, ...]:
    """Return the result of each trial: those on the front, the fastest first, then the others likewise.

    Args:
        trials: As they were tried; what was tried twice with one result counts once.
        chosen: By whose recipe the bundle is made, also where it is not among them.
    """
    distinct = tuple(dict.fromkeys((*trials, chosen)))
    on_front = front(distinct)
    files = {trial: file for file, trial in _shipped(distinct, chosen).items()}
    others = sorted(
        (trial for trial in distinct if trial not in on_front), key=lambda trial: trial.latency_ms
    )
    return tuple(
        TrialResult(
            name=trial.recipe.name,
            recipe=files.get(trial),
            r2=trial.r2,
            r2_min=trial.r2_min,
            latency_ms=trial.latency_ms,
            size_mb=trial.size_mb,
            front=trial in on_front,
            chosen=trial == chosen,
        )
        for trial in (*on_front, *others)
    )


def recipe_files(trials: Iterable[Trial], chosen: Trial) -> dict[str, bytes]:
    """Return the recipes of the front, and the chosen one, by their files' names in the bundle."""
    shipped = _shipped(dict.fromkeys((*trials, chosen)), chosen)
    return {file: trial.recipe.to_json().encode() for file, trial in shipped.items()}


def _shipped(distinct: Iterable[Trial], chosen: Trial) -> dict[str, Trial]:
    """Return the trials whose recipes a bundle holds, by the recipes' files."""
    shipped = dict.fromkeys((*front(tuple(distinct)), chosen))
    return {_file(number, trial.recipe.name): trial for number, trial in enumerate(shipped, start=1)}


def _file(number: int, name: str) -> str:
    legible = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-")[:_NAME_LENGTH]
    return f"{RECIPES}/{number:02}-{legible or 'recipe'}.json"
