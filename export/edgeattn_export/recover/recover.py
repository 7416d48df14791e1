"""ir.Model (float) -> ir.Model (float, its meaning plain): every rule in turn, each proven or undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.apply import Applied, Refused, Site, merge_duplicates
from edgeattn_export.graph.prove import Proof, apply_proven
from edgeattn_export.graph.rule import Note
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.trials import trials
from edgeattn_export.graph.views import simplify_sizes
from edgeattn_export.recover.rules import RULES


@dataclass(frozen=True, slots=True)
class Recovered:
    """The recovered graph, how often each rule was applied, and where one was not, with the reason.

    Attributes:
        notes: What the model author should know of what was applied, a line each.
    """

    model: ir.Model
    applied: Mapping[str, int]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()


def recover(captured: Captured, samples: Samples) -> Recovered:
    """Recover what a captured graph means, changing no number.

    Args:
        captured: The graph as exported; left as it is.
        samples: Real inputs on which each rewrite is proven.
    """
    proof = Proof.of(captured.engine, captured.model, trials(samples, captured.axes))
    model = captured.model.clone()
    simplify_sizes(model)
    counts: dict[str, int] = {}
    refused: list[Refused] = []
    notes: list[str] = []
    for rule in RULES:
        model, applied = apply_proven(rule, model, proof)
        counts[rule.name] = len(applied.sites)
        refused.extend(applied.refused)
        notes.extend(_note_lines(applied))
    merge_duplicates(model)
    return Recovered(
        model, {name: count for name, count in counts.items() if count}, tuple(refused), tuple(notes)
    )


def _note_lines(applied: Applied) -> Iterator[str]:
    """Tell each note once, at the first of its sites."""
    sites: dict[Note, list[Site]] = {}
    for site in applied.sites:
        if site.note is not None:
            sites.setdefault(site.note, []).append(site)
    for note, (first, *others) in sites.items():
        more = f" and {len(others)} more places" if others else ""
        yield f"{note.topic} at {first.module or first.node}{more}: {note.reason}."
