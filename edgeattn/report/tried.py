"""All that a search tried -> the report's lines on it, and a file for each recipe worth reaching again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeattn.report.trial_line import TrialLine
from edgeattn_export.search.trial import Trial, front

FOLDER = "recipes"
_NAME_LENGTH = 60  # of a file's name, in characters; a recipe's own may be any


def trial_lines(trials: Iterable[Trial], chosen: Trial) -> tuple[TrialLine, ...]:
    """Return a line a trial: the front, the fastest first, then the others, again the fastest first.

    Args:
        trials: As they were tried; what was tried twice with one result counts once.
        chosen: By whose recipe the bundle is made, also where it is not among them.
    """
    found = _unique(trials, chosen)
    on_front = front(found)
    files = {trial: file for file, trial in _kept(found, chosen).items()}
    others = sorted((trial for trial in found if trial not in on_front), key=lambda trial: trial.latency_ms)
    return tuple(
        TrialLine(
            name=trial.recipe.name,
            recipe=files.get(trial),
            cosine_mean=trial.cosine_mean,
            cosine_min=trial.cosine_min,
            latency_ms=trial.latency_ms,
            size_mb=trial.size_mb,
            front=trial in on_front,
            chosen=trial == chosen,
        )
        for trial in (*on_front, *others)
    )


def recipe_files(trials: Iterable[Trial], chosen: Trial) -> dict[str, bytes]:
    """Return the recipes of the front, and the chosen one, by their files' names in the bundle."""
    kept = _kept(_unique(trials, chosen), chosen)
    return {file: trial.recipe.to_json().encode() for file, trial in kept.items()}


def _unique(trials: Iterable[Trial], chosen: Trial) -> tuple[Trial, ...]:
    return tuple(dict.fromkeys((*trials, chosen)))


def _kept(found: tuple[Trial, ...], chosen: Trial) -> dict[str, Trial]:
    kept = dict.fromkeys((*front(found), chosen))
    return {_file(number, trial.recipe.name): trial for number, trial in enumerate(kept, start=1)}


def _file(number: int, name: str) -> str:
    legible = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-")[:_NAME_LENGTH]
    return f"{FOLDER}/{number:02}-{legible or 'recipe'}.json"
